package corpus_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestEveryRuleIsMissed switches off one rule after the other and names the cases that come out otherwise then. A rule
// that no case misses might as well not be there.
func TestEveryRuleIsMissed(t *testing.T) {
	all := cases(t)
	for i, rule := range policy.Rules() {
		missed := without(t, i, all)
		if len(missed) == 0 {
			t.Errorf("rule %q: no case misses it when it is switched off; add one to testdata that it alone refuses", rule.ID)
			continue
		}
		t.Logf("%s: missed by %d of %d cases, first %s", rule.ID, len(missed), len(all), missed[0])
	}
}

// without are the names of the cases that fail while a rule finds nothing.
func without(t *testing.T, rule int, all []corpus.Case) []string {
	t.Helper()
	others := slices.Delete(policy.Rules(), rule, rule+1)
	var missed []string
	for _, tc := range all {
		o, err := tc.Decide(compiled(t, tc).Judging(others))
		if err != nil {
			t.Fatal(err)
		}
		if len(tc.Problems(o)) > 0 {
			missed = append(missed, tc.Name)
		}
	}
	return missed
}

var failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (Test\S+)`)

// TestBindingRuleIsMissed does the same with the rule about Bindings, which are no pods and have no place in the corpus: in
// the source that another go test compiles.
func TestBindingRuleIsMissed(t *testing.T) {
	const file, check = "../policy/rule_binding.go", "if in.maySchedule(r.User) {"
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	mutant := strings.Replace(string(source), check, "if true {", 1)
	if mutant == string(source) {
		t.Fatalf("%s does not have %s", file, check)
	}
	output := testWith(t, file, mutant)
	found := failed.FindStringSubmatch(output)
	if found == nil {
		t.Fatalf("no test of the policy misses %s when it is switched off:\n%s", check, output)
	}
	t.Logf("%s: missed by %s", policy.RuleBinding, found[1])
}

// testWith runs the policy's tests of Bindings with another text in the place of a file, and returns what they print.
func testWith(t *testing.T, file, text string) string {
	t.Helper()
	dir := t.TempDir()
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: filepath.Join(dir, "mutant.go")}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"mutant.go": []byte(text), "overlay.json": overlay} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	output, _ := exec.CommandContext(t.Context(), "go", "test", "-overlay", filepath.Join(dir, "overlay.json"), "-run", "Binding", "../policy").CombinedOutput()
	return string(output)
}
