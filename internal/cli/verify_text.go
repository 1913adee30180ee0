package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/drift"
)

// driftText is a table of drifts, and below it each fix on a line of its own: it is there to be copied.
func driftText(found []drift.Drift, characters int) string {
	if len(found) == 0 {
		return ""
	}
	t := print.Table{Columns: []print.Column{{Title: "layer"}, {Title: "object"}, {Title: "drift"}, {Title: "fix"}}}
	var fixes []string
	for _, d := range found {
		if !slices.Contains(fixes, d.Fix) {
			fixes = append(fixes, d.Fix)
		}
		t.Rows = append(t.Rows, []string{string(d.Layer), print.OneLine(d.Object), print.OneLine(d.What), fmt.Sprintf("[%d]", slices.Index(fixes, d.Fix)+1)})
	}
	var text strings.Builder
	text.WriteString(t.Fitted(characters) + "\n")
	for i, fix := range fixes {
		fmt.Fprintf(&text, "[%d] %s\n", i+1, print.OneLine(fix))
	}
	return text.String() + "\n"
}

// looked is the last line: how much drifted, of what.
func looked(f *drift.Facts, drifts int) string {
	text := "Nothing drifted."
	if drifts > 0 {
		text = count(drifts, "drift") + "."
	}
	return fmt.Sprintf("%s Looked at %s, %s of the native twin, %s, %s, %s, %s and %s.\n", text,
		countOf(len(f.Policies), "policy", "policies"), count(len(f.Twin), "object"), count(len(f.Workloads), "workload"), count(len(f.Nodes), "node"),
		count(len(f.Groups), "group")+" of nodes", count(len(f.Flavors), "ResourceFlavor"), count(len(f.Presets), "preset"))
}

func countOf(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}
