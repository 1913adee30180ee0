package webhook

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

func TestLoadPolicies(t *testing.T) {
	dir := t.TempDir()
	second := strings.NewReplacer("name: polyaxon\n", "name: second\n", "namespaces: [polyaxon]", "namespaces: [another]").Replace(v1alpha1.DefaultYAML)
	writeFile(t, filepath.Join(dir, "a.yaml"), v1alpha1.DefaultYAML)
	writeFile(t, filepath.Join(dir, "b.yml"), second)
	writeFile(t, filepath.Join(dir, "README.md"), "not a policy")
	if err := os.Mkdir(filepath.Join(dir, "..2026_11_23.yaml"), 0o700); err != nil { // as a mounted ConfigMap has it
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		path              string
		names, namespaces []string
	}{
		"the built-in policy": {"", []string{"polyaxon"}, []string{"polyaxon"}},
		"a file":              {filepath.Join(dir, "b.yml"), []string{"second"}, []string{"another"}},
		"a folder":            {dir, []string{"polyaxon", "second"}, []string{"another", "polyaxon"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := LoadPolicies(tc.path)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, d := range p.documents {
				names = append(names, d.Name)
				if !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(d.Hash) {
					t.Errorf("the hash of %s is %q", d.Name, d.Hash)
				}
			}
			if !slices.Equal(names, tc.names) || !slices.Equal(p.compiled.Namespaces(), tc.namespaces) {
				t.Errorf("got policies %v of namespaces %v", names, p.compiled.Namespaces())
			}
		})
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
