package cli

import (
	"fmt"
	"strings"

	"github.com/polymoat/polymoat/internal/audit"
)

// mostFindings bounds what text shows of one kind.
const mostFindings = 20

// findingsPrinter prints findings as they come, or at the end; seen says what was looked at.
type findingsPrinter interface {
	add(audit.Finding)
	end(seen string)
}

// findingsPrinter returns the printer of a format; nil where there is no such format.
func (c *console) findingsPrinter(output string) findingsPrinter {
	switch output {
	case "text":
		return &findingsText{console: c, shown: map[audit.Kind][]audit.Finding{}, counts: map[audit.Kind]int{}}
	case "wide":
		return &findingsTable{console: c, table: table{columns: []column{
			{title: "finding"}, {title: "namespace"}, {title: "object"}, {title: "role"}, {title: "what"},
		}}}
	case "json":
		return findingsJSON{c}
	}
	return nil
}

// findingsJSON prints a line for each finding at once.
type findingsJSON struct{ *console }

func (j findingsJSON) add(f audit.Finding) { j.print(jsonText(f)) }
func (findingsJSON) end(string)            {}

// findingsTable prints a line for each finding in the end, in the order in which they were found.
type findingsTable struct {
	*console
	table
}

func (t *findingsTable) add(f audit.Finding) {
	t.rows = append(t.rows, lines(string(f.Kind), f.Namespace, f.Object, f.Role, f.Detail))
}

func (t *findingsTable) end(string) { t.print(t.unwrapped()) }

// findingsText prints findings by kind in the end. Of each kind it keeps as many as it shows: a cluster may be all
// findings.
type findingsText struct {
	*console
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
		t.print(t.styles.bold.Sprintf("%s: %d (%s)", kind.Heading, n, kind.Kind) + "\n")
		for _, f := range t.shown[kind.Kind] {
			t.print(t.findingText(f))
		}
		if more := n - mostFindings; more > 0 {
			t.print(fmt.Sprintf("  and %d more; -o json lists each\n\n", more))
		}
	}
	if total == 0 {
		t.print(fmt.Sprintf("No findings in %s.\n", seen))
		return
	}
	t.print(fmt.Sprintf("%s in %s.\n", count(total, "finding"), seen))
}

// findingText is one finding, with an empty line after it.
func (t *findingsText) findingText(f audit.Finding) string {
	b := &block{styles: t.styles}
	object := f.Object
	if f.Namespace != "" {
		object += fmt.Sprintf(" (%s)", f.Namespace)
	}
	b.field("Object", object, b.bold)
	if f.Role != "" {
		b.field("Role", f.Role, nil)
	}
	b.field("Finding", f.Detail, nil)
	b.field("Fix", f.Fix, nil)
	if f.Witness != nil && !strings.Contains(f.Detail, f.Witness.In(f.NodePool)) {
		b.field("Witness", f.Witness.In(f.NodePool), nil)
	}
	return b.text.String() + "\n"
}
