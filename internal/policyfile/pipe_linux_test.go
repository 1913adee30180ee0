package policyfile

import (
	"path/filepath"
	"syscall"
	"testing"
)

// TestAPipeAmongPolicies: a server does not wait for what nobody writes.
func TestAPipeAmongPolicies(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "a.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	want := pipe + " is neither a file nor a link to one; take it out of the folder"
	if _, err := read(filepath.Dir(pipe)); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
