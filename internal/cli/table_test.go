package cli

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/cli/print"
)

// TestTablesFitTerminal holds that the tables of the built-in policy fit into a terminal, and that every cell which a
// reader looks for is filled.
func TestTablesFitTerminal(t *testing.T) {
	var out strings.Builder
	c := newConsole(nil, &out, &out)
	for _, args := range [][]string{{"rules"}, {"roles"}, {"overrides"}} {
		if code := Main(args, c.In, &out, &out); code != exitClean {
			t.Fatalf("%v: exit code %d\n%s", args, code, out.String())
		}
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > print.UsualWidth {
			t.Errorf("%d columns, want at most %d: %s", n, print.UsualWidth, line)
		}
	}
	for _, r := range rolesOf(c.Reader, c.PolicyFiles("")) {
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
		if n := len("  completion  ") + len(cmd.Short); n > print.UsualWidth {
			t.Errorf("%s: its line in the help has %d columns, want at most %d", cmd.CommandPath(), n, print.UsualWidth)
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(newRoot(newConsole(nil, nil, nil)))
}
