package cli

import (
	"cmp"
	"strings"
	"testing"
	"unicode/utf8"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/doctor"
	"github.com/polymoat/polymoat/internal/explain"
)

// Tables and text take the width of the terminal.
func TestTextIsAsWideAsTheTerminal(t *testing.T) {
	longest := func(columns int, show func(*console)) int {
		var out strings.Builder
		c := newConsole(nil, &out, &out)
		c.Styles.Columns = columns
		show(c)
		n := 0
		for line := range strings.Lines(out.String()) {
			n = max(n, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")))
		}
		return n
	}
	words := strings.Repeat("word ", 60)
	for name, show := range map[string]func(*console){
		"a table": func(c *console) {
			utilruntime.Must(list(c, "text", []string{}, print.Table{Columns: []print.Column{{Title: "a"}, {Title: "b"}}, Rows: [][]string{{"name", words}}}))
		},
		"explain": func(c *console) { textPrinter(c.Console)(explain.Record{Warnings: []string{words}}) },
		"doctor":  func(c *console) { c.Print(checkText(c.Styles, doctor.Check{ID: "id", Doc: words})) },
	} {
		for _, columns := range []int{0, 40, 120} {
			limit := cmp.Or(columns, 80)
			if got := longest(columns, show); got > limit || got < limit-5 {
				t.Errorf("%s on a terminal of %d: the longest line has %d characters", name, columns, got)
			}
		}
	}
}
