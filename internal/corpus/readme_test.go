package corpus_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli"
)

// shown are the cases whose refusals the README shows.
var shown = []string{"job-names-its-node", "override-of-the-default-policy-core"}

// TestREADME keeps what the README shows true: its refusals are golden ones, and its policy loads.
func TestREADME(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(b)
	for _, tc := range cases(t) {
		if slices.Contains(shown, tc.Name) && !strings.Contains(readme, "\n"+tc.Deny) {
			t.Errorf("the README does not show the refusal of %s:\n%s", tc.Name, tc.Deny)
		}
	}
	example := regexp.MustCompile("(?s)```yaml\n(.+?)```").FindStringSubmatch(readme)
	if example == nil {
		t.Fatal("the README shows no policy")
	}
	if _, err := v1alpha1.Load("README.md", []byte(example[1])); err != nil {
		t.Errorf("the README's policy does not load: %v", err)
	}
	if lines := strings.Count(example[1], "\n"); lines > 20 {
		t.Errorf("the README's policy takes %d lines, the usual set-up must take no more than 20", lines)
	}
}

// generated is a part of the README that a command of the plugin prints: the command, then what it printed.
var generated = regexp.MustCompile(`(?s)<!-- kubectl polymoat ([^>]+) -->\n(.*?)<!-- end -->`)

// TestREADMETables holds that the README's tables are those which the plugin prints; -update writes them.
func TestREADMETables(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := generated.FindAllStringSubmatch(string(b), -1)
	if len(parts) != 4 {
		t.Errorf("the README has %d generated parts, want the tables of roles, rules, overrides and the native twin", len(parts))
	}
	written := string(b)
	for _, part := range parts {
		want := printed(t, part[1])
		if *update {
			written = strings.Replace(written, part[0], "<!-- kubectl polymoat "+part[1]+" -->\n"+want+"<!-- end -->", 1)
			continue
		}
		if diff := cmp.Diff(want, part[2]); diff != "" {
			t.Errorf("kubectl polymoat %s; go test ./internal/corpus -update writes it (-want +got):\n%s", part[1], diff)
		}
	}
	if *update {
		if err := os.WriteFile("../../README.md", []byte(written), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// printed is what a command of the plugin prints.
func printed(t *testing.T, command string) string {
	t.Helper()
	var out, errOut strings.Builder
	if code := cli.Main(strings.Fields(command), strings.NewReader(""), &out, &errOut); code != 0 {
		t.Fatalf("kubectl polymoat %s: exit code %d\n%s", command, code, errOut.String())
	}
	return out.String()
}
