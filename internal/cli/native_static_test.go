package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/polymoat/polymoat/internal/native"
)

// TestStaticFilesAreReplacedWhole: whoever reads a file while it is written anew has the old one, and nothing is left beside it.
func TestStaticFilesAreReplacedWhole(t *testing.T) {
	dir := t.TempDir()
	path, reader := filepath.Join(dir, "validating", "polymoat.yaml"), filepath.Join(dir, "reader")
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, reader); err != nil {
		t.Fatal(err)
	}
	if err := writeStatic(native.Twin{}, dir); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(reader); err != nil || string(text) != "old" {
		t.Errorf("a reader of the old file has %q, %v", text, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left in the folder: %v, %v", entries, err)
	}
}
