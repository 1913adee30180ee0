package corpus_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// shown are the cases whose refusals the README shows.
var shown = []string{"job-names-its-node", "override-node-pool-core"}

// TestREADME keeps what the README shows true: its refusals are golden ones, its policy loads, its tables are complete.
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
	for _, rule := range policy.Rules {
		if !regexp.MustCompile("\n\\| [^|]*`" + rule.ID + "`[^|]* \\| ").MatchString(readme) {
			t.Errorf("the README's table of rules lacks %s", rule.ID)
		}
	}
	for _, role := range v1alpha1.KnownRoles {
		if !strings.Contains(readme, "\n| `"+role+"` | ") {
			t.Errorf("the README's table of roles lacks %s", role)
		}
	}
	for _, o := range policy.Overrides {
		label := "no"
		if o.Label {
			label = "yes"
		}
		if row := fmt.Sprintf("\n| `%s` | %s | `%s` | %s |\n", o.Name, o.Doc, o.Example, label); !strings.Contains(readme, row) {
			t.Errorf("the README's table of overrides lacks the row%s", row)
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
