package cli

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAFolderWithAPipe: nothing is waited for that stands in a folder and is no file. A link to a file is one.
func TestAFolderWithAPipe(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"in", "aside"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo("in/a.yaml", 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", "in/b.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	if err := syscall.Mkfifo("in/c.in.yaml", 0o600); err != nil {
		t.Fatal(err)
	}
	service := []byte("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n")
	if err := os.WriteFile("aside/x", service, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("..", "aside", "x"), "in/d.yaml"); err != nil {
		t.Fatal(err)
	}
	const odd = ": neither a file nor a link to one; name it by itself to have it read\n"
	const all = "error: in/a.yaml" + odd + "error: in/b.yaml" + odd + "error: in/c.in.yaml" + odd
	for want, args := range map[string][]string{
		all + "note: in/d.yaml:1: Service/a has no pod template\n": {"explain", "-f", "in"},
		all + "error: in/d.yaml:1: apiVersion: \"v1\" is not read here; write \"polymoat.io/v1alpha1\"\nerror: in/d.yaml:2: kind: \"Service\" is not read here; write \"PlacementPolicy\"\n": {"policy", "validate", "in"},
		"error: in/c.in.yaml: c.in.yaml is neither a file nor a link to one\n": {"test", "in"},
	} {
		var errs bytes.Buffer
		done := make(chan int, 1)
		go func() { done <- Main(args, nil, new(bytes.Buffer), &errs) }()
		select {
		case code := <-done:
			if diff := cmp.Diff(want, errs.String()); diff != "" || code != exitError {
				t.Errorf("%q exits %d (-want +got):\n%s", args, code, diff)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%q hangs", args)
		}
	}
}
