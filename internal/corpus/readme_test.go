package corpus_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestREADME keeps what the README shows true: its refusal is a golden one, its policy loads, its tables are complete.
func TestREADME(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(b)
	for _, tc := range cases(t) {
		if tc.Name == "job-names-its-node" && !strings.Contains(readme, "\n"+tc.Deny) {
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
