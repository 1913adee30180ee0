package cli

import (
	"fmt"
	"strings"

	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/cli/print"
)

// mostFindings bounds what text shows of one kind.
const mostFindings = 20

// findingsPrinter prints findings as they come, or at the end; seen says what was looked at.
type findingsPrinter interface {
	add(audit.Finding)
	end(seen string)
}

// newFindingsPrinter returns the printer of a format; nil where there is no such format.
func newFindingsPrinter(c *print.Console, output string) findingsPrinter {
	switch output {
	case "text":
		return &findingsText{Console: c, shown: map[audit.Kind][]audit.Finding{}, counts: map[audit.Kind]int{}}
	case "wide":
		return &findingsTable{Console: c, Table: print.Table{Columns: []print.Column{
			{Title: "finding"}, {Title: "namespace"}, {Title: "object"}, {Title: "role"}, {Title: "what"},
		}}}
	case "json":
		return findingsJSON{c}
	}
	return nil
}

// findingsJSON prints a line for each finding at once.
type findingsJSON struct{ *print.Console }

func (j findingsJSON) add(f audit.Finding) { j.Print(print.JSON(f)) }
func (findingsJSON) end(string)            {}

// findingsTable prints a line for each finding in the end, in the order in which they were found.
type findingsTable struct {
	*print.Console
	print.Table
}

func (t *findingsTable) add(f audit.Finding) {
	t.Rows = append(t.Rows, lines(string(f.Kind), f.Namespace, f.Object, f.Role, f.Detail))
}

func (t *findingsTable) end(string) { t.Print(t.Unwrapped()) }

// findingsText prints findings by kind in the end. Of each kind it keeps as many as it shows: a cluster may be all
// findings.
type findingsText struct {
	*print.Console
	shown  map[audit.Kind][]audit.Finding
	counts map[audit.Kind]int
}

func (t *findingsText) add(f audit.Finding) {
	t.counts[f.Kind]++
	if len(t.shown[f.Kind]) < mostFindings {
		t.shown[f.Kind] = append(t.shown[f.Kind], f)
	}
}

func (t *findingsText) end(seen string) {
	total := 0
	for _, kind := range audit.Kinds {
		n := t.counts[kind.Kind]
		if n == 0 {
			continue
		}
		total += n
		t.Print(t.Styles.Bold.Sprintf("%s: %d (%s)", kind.Heading, n, kind.Kind) + "\n")
		for _, f := range t.shown[kind.Kind] {
			t.Print(t.findingText(f))
		}
		if more := n - mostFindings; more > 0 {
			t.Print(fmt.Sprintf("  and %d more; -o json lists each\n\n", more))
		}
	}
	if total == 0 {
		t.Print(fmt.Sprintf("No findings in %s.\n", seen))
		return
	}
	t.Print(fmt.Sprintf("%s in %s.\n", count(total, "finding"), seen))
}

// findingText is one finding, with an empty line after it.
func (t *findingsText) findingText(f audit.Finding) string {
	b := &block{print.Block{Styles: t.Styles}}
	object := f.Object
	if f.Namespace != "" {
		object += fmt.Sprintf(" (%s)", f.Namespace)
	}
	b.Field("Object", object, b.Bold)
	if f.Role != "" {
		b.Field("Role", f.Role, nil)
	}
	b.Field("Finding", f.Detail, nil)
	b.Field("Fix", f.Fix, nil)
	if f.Witness != nil && !strings.Contains(f.Detail, f.Witness.In(f.NodePool)) {
		b.Field("Witness", f.Witness.In(f.NodePool), nil)
	}
	return b.Text.String() + "\n"
}
