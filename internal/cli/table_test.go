package cli

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

func TestTable(t *testing.T) {
	tab := table{
		columns: []column{{title: "name"}, {title: "never said"}, {title: "what it is"}, {title: "aside", wide: true}},
		rows: [][]string{
			{"`short`", "", "a | b", "`x`"},
			{"`" + strings.Repeat("long", 10) + "`", "", strings.Repeat("word ", 8) + `{"a":"b","c":"d"}`, ""},
		},
	}
	wantText := `NAME                                      WHAT IT IS
short                                     a | b
longlonglonglonglonglonglonglonglonglong  word word word word word word word
                                          word {"a":"b", "c":"d"}
`
	wantMarkdown := "| name | what it is | aside |\n|---|---|---|\n| `short` | a \\| b | `x` |\n" +
		"| `longlonglonglonglonglonglonglonglonglong` | word word word word word word word word {\"a\":\"b\",\"c\":\"d\"} |  |\n"
	if diff := cmp.Diff(wantText, tab.fitted(usualWidth)); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantMarkdown, tab.markdown()); diff != "" {
		t.Errorf("Markdown (-want +got):\n%s", diff)
	}
	if got := (table{columns: tab.columns}).fitted(usualWidth) + (table{columns: tab.columns}).markdown(); got != "" {
		t.Errorf("a table without rows is %q, want nothing", got)
	}
}

// TestTablesFitTerminal holds that the tables of the built-in policy fit into a terminal, and that every cell which a
// reader looks for is filled.
func TestTablesFitTerminal(t *testing.T) {
	var out strings.Builder
	c := newConsole(nil, &out, &out)
	for _, args := range [][]string{{"rules"}, {"roles"}, {"overrides"}} {
		if code := Main(args, c.in, &out, &out); code != exitClean {
			t.Fatalf("%v: exit code %d\n%s", args, code, out.String())
		}
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > usualWidth {
			t.Errorf("%d columns, want at most %d: %s", n, usualWidth, line)
		}
	}
	for _, r := range c.roles(c.policyFiles("")) {
		if r.Doc == "" || r.Marks == "" || r.withoutEntry() == "" {
			t.Errorf("role %q: what it is, how it is told or what becomes of it without an entry is not said", r.Name)
		}
	}
}

// TestEveryCommandHasHelp holds that each command has examples, and a line in the help of the one above it that fits.
func TestEveryCommandHasHelp(t *testing.T) {
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Example == "" || cmd.Short == "" {
			t.Errorf("%s: says not what it does, or not how", cmd.CommandPath())
		}
		if n := len("  completion  ") + len(cmd.Short); n > usualWidth {
			t.Errorf("%s: its line in the help has %d columns, want at most %d", cmd.CommandPath(), n, usualWidth)
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(newRoot(newConsole(nil, nil, nil)))
}
