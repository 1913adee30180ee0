package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/drill"
)

// fates say what people read of a pod's fate.
var fates = map[drill.Fate]string{
	drill.Returns: "yes", drill.Depends: "may stay pending", drill.Pending: "stays pending", drill.Gone: "no", drill.OfNode: "not missed",
}

// printDrills prints what became of core in each drill, and of all drills in one sentence.
func printDrills(c *print.Console, all []drilled, characters int) {
	characters = cmp.Or(characters, c.Styles.Width())
	var without []string
	for _, one := range all {
		verdict, style := "core comes back", c.Styles.Green
		if !one.Returns {
			verdict, style = "core does not come back whole", c.Styles.Red
			without = append(without, one.Loss)
		}
		c.Print(fmt.Sprintf("Without %s: %s\n\n", one.Loss, style.Sprint(verdict)))
		c.Print(drillTable(one.Report).Fitted(characters))
		for _, b := range one.Budgets {
			text := fmt.Sprintf("PodDisruptionBudget %q asks for %s, and has %d until others come back.", b.Namespace+"/"+b.Name, count(int(b.Asks), "pod"), b.Left)
			c.Print("\n" + strings.Join(print.Wrap(text, characters), "\n") + "\n")
		}
		c.Print("\n")
	}
	c.Print(strings.Join(print.Wrap(summary(len(all), without), characters), "\n") + "\n")
}

// summary is all drills in one sentence.
func summary(drills int, without []string) string {
	switch {
	case len(without) > 0:
		return fmt.Sprintf("Core does not come back whole without %s.", strings.Join(without, ", or without "))
	case drills == 1:
		return "Core comes back."
	}
	return fmt.Sprintf("Core comes back, whichever of the %d nodes goes.", drills)
}

// drillTable is a row for each pod of core that goes, or waits already.
func drillTable(r drill.Report) print.Table {
	t := print.Table{Columns: []print.Column{{Title: "pod"}, {Title: "comes back"}, {Title: "where, or why not"}}}
	for _, o := range r.Pods {
		name := o.Namespace + "/" + o.Name
		t.Rows = append(t.Rows, []string{name, fates[o.Fate], whereOrWhy(o)})
	}
	if len(t.Rows) == 0 {
		t.Rows = append(t.Rows, []string{"none of core", "", ""})
	}
	return t
}

// whereOrWhy says what else is to be known of a pod.
func whereOrWhy(o drill.Outcome) string {
	var parts []string
	switch {
	case o.Node == "":
		parts = append(parts, "waits already")
	case o.EvictedFor != "":
		parts = append(parts, fmt.Sprintf("evicted from %s for %s", o.Node, o.EvictedFor))
	}
	if len(o.Nodes) > 0 {
		parts = append(parts, "on "+strings.Join(o.Nodes, " or "))
	}
	if len(o.Evicts) > 0 {
		parts = append(parts, "evicts "+strings.Join(o.Evicts, ", "))
	}
	if o.Why != "" {
		parts = append(parts, o.Why)
	}
	return strings.Join(parts, "; ")
}
