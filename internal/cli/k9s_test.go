package cli

import (
	"os"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// k9sPlugin has the keys of k9s' schema that the snippet may use; the first four must be there.
type k9sPlugin struct {
	ShortCut    string   `json:"shortCut"`
	Description string   `json:"description"`
	Scopes      []string `json:"scopes"`
	Command     string   `json:"command"`
	Background  bool     `json:"background"`
	Args        []string `json:"args"`
}

// TestK9s: the snippet in the plugin's README has k9s' form, and its commands are commands of ours.
func TestK9s(t *testing.T) {
	readme, err := os.ReadFile("../../cmd/kubectl-polymoat/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, snippet, _ := strings.Cut(string(readme), "```yaml\nplugins:\n")
	snippet, _, _ = strings.Cut(snippet, "```")
	plugins := map[string]k9sPlugin{}
	if err := yaml.UnmarshalStrict([]byte(snippet), &plugins); err != nil || len(plugins) == 0 {
		t.Fatalf("%d plugins: %v", len(plugins), err)
	}
	for name, p := range plugins {
		if p.ShortCut == "" || p.Description == "" || len(p.Scopes) == 0 || p.Command != "sh" || len(p.Args) != 2 || p.Args[0] != "-c" {
			t.Errorf("%s: %+v", name, p)
			continue
		}
		line, found := strings.CutPrefix(strings.TrimSuffix(p.Args[1], " 2>&1 | less -R"), "kubectl polymoat ")
		if !found {
			t.Errorf("%s: %q does not run the plugin and show what it says", name, p.Args[1])
		}
		cmd, rest, err := newRoot(newConsole(strings.NewReader(""), &strings.Builder{}, &strings.Builder{})).Find(strings.Fields(line))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := cmd.ParseFlags(rest); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
