package certs_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// mount plays the kubelet that brings a Secret to a folder: the files are links into ..data, which is a link to a folder
// of its own for each version of the Secret, and is replaced by renaming.
func mount(t *testing.T, dir string, data map[string][]byte) {
	t.Helper()
	version, link := "..v"+time.Now().Format("150405.000000000"), filepath.Join(dir, "..data")
	must(t, os.MkdirAll(filepath.Join(dir, version), 0o755))
	for name, content := range data {
		must(t, os.WriteFile(filepath.Join(dir, version, name), content, 0o600))
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			must(t, os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)))
		}
	}
	old, _ := os.Readlink(link)
	must(t, os.Symlink(version, link+"_tmp"))
	must(t, os.Rename(link+"_tmp", link))
	if old != "" {
		must(t, os.RemoveAll(filepath.Join(dir, old)))
	}
}

// overwrite writes the files as a person does: in place, one after the other.
func overwrite(t *testing.T, dir string, cert, key []byte) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(dir, "tls.crt"), cert, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "tls.key"), key, 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
