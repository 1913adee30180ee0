package arch_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// form is an issue form, as GitHub's documentation describes it; keys that it does not name are mistakes.
type form struct {
	Name, Description string
	Labels            []string
	Body              []struct {
		Type       string
		Attributes struct{ Label, Description, Render string }
		// Validations say whether the field must be filled in.
		Validations struct{ Required bool }
	}
}

// TestIssueForms: GitHub shows a form that it cannot read as nothing at all.
func TestIssueForms(t *testing.T) {
	for _, path := range glob(t, ".github/ISSUE_TEMPLATE/*.yml") {
		if filepath.Base(path) == "config.yml" {
			continue
		}
		var f form
		decode(t, path, &f)
		if f.Name == "" || f.Description == "" || len(f.Body) == 0 {
			t.Errorf("%s needs a name, a description and a body", path)
		}
		labels := map[string]bool{}
		for _, field := range f.Body {
			if !slices.Contains([]string{"textarea", "input"}, field.Type) {
				t.Errorf("%s: %q is no field that is used here", path, field.Type)
			}
			label := field.Attributes.Label
			if label == "" || labels[label] {
				t.Errorf("%s: the label %q is empty or there twice", path, label)
			}
			labels[label] = true
			if field.Attributes.Render != "" && field.Type != "textarea" {
				t.Errorf("%s: %q renders nothing", path, label)
			}
		}
	}
	var config struct {
		BlankIssuesEnabled bool                                `json:"blank_issues_enabled"`
		ContactLinks       []struct{ Name, URL, About string } `json:"contact_links"`
	}
	decode(t, filepath.Join(top, ".github/ISSUE_TEMPLATE/config.yml"), &config)
	for _, link := range config.ContactLinks {
		if link.Name == "" || link.About == "" || !strings.HasPrefix(link.URL, "https://") {
			t.Errorf("the link %v is not whole", link)
		}
	}
}

// TestDependabot: its directories hold what it looks for.
func TestDependabot(t *testing.T) {
	var config struct {
		Version int
		Updates []struct {
			Ecosystem   string `json:"package-ecosystem"`
			Directory   string
			Directories []string
			Schedule    struct{ Interval string }
			Groups      map[string]struct{ Patterns []string }
		}
	}
	decode(t, filepath.Join(top, ".github/dependabot.yml"), &config)
	files := map[string]string{"gomod": "go.mod", "docker": "Dockerfile", "github-actions": ".github/workflows/*.yaml"}
	for _, u := range config.Updates {
		if files[u.Ecosystem] == "" || u.Schedule.Interval == "" {
			t.Errorf("%q is not known, or has no interval", u.Ecosystem)
		}
		for _, dir := range append(u.Directories, u.Directory) {
			if dir != "" {
				glob(t, filepath.Join(dir, files[u.Ecosystem]))
			}
		}
	}
}

// TestCodeOwners: each path has an owner, and is there.
func TestCodeOwners(t *testing.T) {
	for line := range strings.Lines(read(t, filepath.Join(top, ".github/CODEOWNERS"))) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		if len(fields) < 2 || !strings.HasPrefix(fields[1], "@") {
			t.Errorf("%q names no owner", line)
		}
		glob(t, fields[0])
	}
}

// glob finds files of the repository, of which there must be one.
func glob(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(top, pattern))
	if err != nil || len(found) == 0 {
		t.Errorf("nothing is there for %q: %v", pattern, err)
	}
	return found
}

// decode reads a YAML file strictly.
func decode(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Errorf("%s: %v", path, err)
	}
}
