package cli

import (
	"bytes"
	"cmp"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/polymoat/polymoat/internal/doctor"
	"github.com/polymoat/polymoat/internal/explain"
)

func TestKnowsUnicode(t *testing.T) {
	for name, tc := range map[string]struct {
		system string
		env    map[string]string
		want   bool
	}{
		"UTF-8":                  {"linux", map[string]string{"LANG": "en_GB.UTF-8"}, true},
		"utf8":                   {"linux", map[string]string{"LANG": "C.utf8"}, true},
		"LC_ALL before LANG":     {"linux", map[string]string{"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, false},
		"LC_CTYPE before LANG":   {"linux", map[string]string{"LC_CTYPE": "C.UTF-8", "LANG": "C"}, true},
		"another encoding":       {"linux", map[string]string{"LANG": "de_DE.ISO-8859-1"}, false},
		"no locale":              {"linux", nil, false},
		"no locale on Windows":   {"windows", nil, true},
		"another one on Windows": {"windows", map[string]string{"LANG": "C"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := knowsUnicode(tc.system, func(key string) string { return tc.env[key] }); got != tc.want {
				t.Errorf("knows Unicode: %t, want %t", got, tc.want)
			}
		})
	}
}

// What is no terminal is as wide as terminals usually are.
func TestWidthOf(t *testing.T) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	for _, out := range []any{file, &bytes.Buffer{}} {
		if got := widthOf(out); got != 80 {
			t.Errorf("%T is %d wide, want 80", out, got)
		}
	}
}

// Tables and text take the width of the terminal.
func TestTextIsAsWideAsTheTerminal(t *testing.T) {
	longest := func(columns int, show func(*console)) int {
		var out strings.Builder
		c := newConsole(nil, &out, &out)
		c.styles.columns = columns
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
			must(list(c, "text", []string{}, table{columns: []column{{title: "a"}, {title: "b"}}, rows: [][]string{{"name", words}}}))
		},
		"explain": func(c *console) { c.textPrinter()(explain.Record{Warnings: []string{words}}) },
		"doctor":  func(c *console) { c.print(c.styles.checkText(doctor.Check{ID: "id", Doc: words})) },
	} {
		for _, columns := range []int{0, 40, 120} {
			limit := cmp.Or(columns, 80)
			if got := longest(columns, show); got > limit || got < limit-5 {
				t.Errorf("%s on a terminal of %d: the longest line has %d characters", name, columns, got)
			}
		}
	}
}
