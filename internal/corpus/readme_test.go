package corpus_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli"
)

// TestShownRefusal keeps what README.md shows true: its refusal is a golden one.
func TestShownRefusal(t *testing.T) {
	for _, tc := range cases(t) {
		if tc.Name == "job-names-its-node" && !strings.Contains(document(t, "README.md"), "\n"+tc.Deny) {
			t.Errorf("README.md does not show the refusal of %s:\n%s", tc.Name, tc.Deny)
		}
	}
}

// TestShownPolicies: the policies that are shown load, and take no more than 20 lines.
func TestShownPolicies(t *testing.T) {
	for _, path := range []string{"README.md", "internal/api/v1alpha1/README.md"} {
		example := regexp.MustCompile("(?s)```yaml\n(.+?)```").FindStringSubmatch(document(t, path))
		if example == nil {
			t.Fatalf("%s shows no policy", path)
		}
		if _, err := v1alpha1.Load(path, []byte(example[1])); err != nil {
			t.Errorf("the policy does not load: %v", err)
		}
		if lines := strings.Count(example[1], "\n"); lines > 20 {
			t.Errorf("the policy of %s takes %d lines, the usual set-up must take no more than 20", path, lines)
		}
	}
}

// generated is a part of a document that a command of the plugin prints: the command, then what it printed.
var generated = regexp.MustCompile(`(?s)<!-- kubectl polymoat ([^>]+) -->\n(.*?)<!-- end -->`)

// TestTables holds that the tables of the documents are those which the plugin prints; -update writes them.
func TestTables(t *testing.T) {
	var commands []string
	for _, path := range []string{"cmd/kubectl-polymoat/USERS.md", "internal/api/v1alpha1/README.md"} {
		text := document(t, path)
		written := text
		for _, part := range generated.FindAllStringSubmatch(text, -1) {
			commands = append(commands, part[1])
			want := printed(t, part[1])
			written = strings.Replace(written, part[0], "<!-- kubectl polymoat "+part[1]+" -->\n"+want+"<!-- end -->", 1)
			if diff := cmp.Diff(want, part[2]); diff != "" && !*update {
				t.Errorf("%s: kubectl polymoat %s; go test ./internal/corpus -update writes it (-want +got):\n%s", path, part[1], diff)
			}
		}
		if *update {
			if err := os.WriteFile(filepath.Join("../..", path), []byte(written), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	slices.Sort(commands)
	if diff := cmp.Diff([]string{"overrides -o markdown", "roles -o markdown", "rules -o markdown"}, commands); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}

// document is a file of the repository.
func document(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
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
