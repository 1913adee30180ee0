package policyfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// TestReadReportsAll: every mistake of every file, at once.
func TestReadReportsAll(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a.yaml"), strings.Replace(v1alpha1.DefaultYAML, "namespaces:", "namespace:", 1))
	writeFile(t, filepath.Join(dir, "b.yaml"), "")
	_, err := Read(dir)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"a.yaml", "b.yaml", "namespaces"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %s: %v", want, err)
		}
	}
}

func TestReadNothing(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir:                         "read the policy: " + dir + " holds no file that ends in .yaml, .yml or .json",
		filepath.Join(dir, "a.yml"): "read the policy: stat " + filepath.Join(dir, "a.yml") + ": no such file or directory",
	} {
		if _, err := Read(path); err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
