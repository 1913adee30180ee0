package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/preview"
)

// mostOwners bounds the list of those that share one change.
const mostOwners = 20

// effects are all effects, in the order in which text shows them.
var effects = []struct {
	preview.Effect
	heading, summary string
}{
	{preview.Refused, "Would be refused", "refused"},
	{preview.Unschedulable, "Would find no node among those that are there now", "without a node"},
	{preview.Moved, "Would run on another node pool", "moved"},
	{preview.Changed, "Would be changed", "changed"},
	{preview.Governed, "Would come under polymoat", "newly governed"},
	{preview.Released, "Would be governed no longer", "no longer governed"},
	{preview.Allowed, "Would be refused no longer", "no longer refused"},
	{preview.RefusedOtherwise, "Are refused already, and would be for other reasons", "refused for other reasons"},
	{preview.Warned, "Would get a new warning", "warned"},
}

// printPreview prints outcomes by what happens, and those that are alike together.
func printPreview(c *print.Console, outcomes []preview.Outcome, pods int) {
	var parts []string
	for _, e := range effects {
		n := 0
		groups := groupsOf(outcomes, e.Effect)
		for _, g := range groups {
			n += g.pods
		}
		if n == 0 {
			continue
		}
		parts = append(parts, fmt.Sprintf("%d %s", n, e.summary))
		c.Print(c.Styles.Bold.Sprintf("%s: %s", e.heading, count(n, "pod")) + "\n")
		for _, g := range groups {
			c.Print(groupText(c.Styles, g) + "\n")
		}
	}
	if len(parts) == 0 {
		c.Print(fmt.Sprintf("Nothing differs for %s.\n", count(pods, "pod")))
		return
	}
	c.Print(fmt.Sprintf("%d of %s: %s.\n", len(outcomes), count(pods, "pod"), strings.Join(parts, ", ")))
}

// fate is an effect on pods that is the same for all of them.
type fate struct {
	outcome preview.Outcome // of the first
	owners  []*owned
	pods    int
}

// owned are the pods of one owner.
type owned struct {
	owner, namespace string
	pods             int
}

// groupsOf are the outcomes of one effect, alike ones together, in the order of the first of each.
func groupsOf(outcomes []preview.Outcome, of preview.Effect) []*fate {
	var groups []*fate
	byText := map[string]*fate{}
	byOwner := map[string]*owned{}
	for _, o := range outcomes {
		if o.Effect != of {
			continue
		}
		text := outcomeText(o, print.Styles{})
		g := byText[text]
		if g == nil {
			g = &fate{outcome: o}
			byText[text], groups = g, append(groups, g)
		}
		key := text + o.Namespace + "/" + o.Owner
		if byOwner[key] == nil {
			byOwner[key] = &owned{owner: o.Owner, namespace: o.Namespace}
			g.owners = append(g.owners, byOwner[key])
		}
		byOwner[key].pods++
		g.pods++
	}
	return groups
}

// groupText is what happens, and to which pods.
func groupText(s print.Styles, g *fate) string {
	b := &block{print.Block{Styles: s}}
	b.Text.WriteString(outcomeText(g.outcome, s))
	label := "Pods"
	shown := min(len(g.owners), mostOwners)
	rest := g.pods // that belong to no owner who is shown
	for _, o := range g.owners[:shown] {
		line := fmt.Sprintf("%s (%s)", o.owner, o.namespace)
		if !strings.HasPrefix(o.owner, "pod/") {
			line += ", " + count(o.pods, "pod")
		}
		b.Next(&label, line)
		rest -= o.pods
	}
	if more := len(g.owners) - shown; more > 0 {
		b.Next(&label, fmt.Sprintf("and %d more with %s; -o json lists each", more, count(rest, "pod")))
	}
	return b.Text.String()
}

// outcomeText is what happens, in the labels of explain.
func outcomeText(o preview.Outcome, s print.Styles) string {
	b := &block{print.Block{Styles: s}}
	b.turn("Role", o.Old.Role, o.New.Role)
	if o.Effect != preview.Refused && o.Effect != preview.RefusedOtherwise {
		b.turn("Node pool", o.Old.NodePool, o.New.NodePool)
	}
	for _, v := range o.New.Violations {
		b.Field("Violation", v.String(), nil)
	}
	if o.Effect == preview.Changed || o.Effect == preview.Moved {
		b.differences(o)
	}
	if o.Effect == preview.Warned {
		for _, w := range o.New.Warnings {
			b.Field("Warning", w, b.Yellow)
		}
	}
	return b.Text.String()
}

// turn writes what became of one word: "jobs", or "jobs -> experiments".
func (b *block) turn(label, was, is string) {
	switch {
	case was == is && is == "":
	case was == is:
		b.Field(label, is, nil)
	default:
		b.Field(label, cmp.Or(was, "none")+" -> "+cmp.Or(is, "none"), nil)
	}
}

// differences writes the fields that differ, but for those that say the node pool itself.
func (b *block) differences(o preview.Outcome) {
	label := "Fields"
	for _, d := range o.Changes {
		if o.Effect == preview.Moved && d.Source == policy.FromPool {
			continue
		}
		was, is := "none", "none"
		if d.Old != nil {
			was = valueText(d.Old)
		}
		if d.New != nil {
			is = valueText(d.New)
		}
		b.Next(&label, fmt.Sprintf("%s %s -> %s", d.Path, was, is))
	}
}
