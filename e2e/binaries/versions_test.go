package binaries

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKey: programs that were built otherwise are other programs.
func TestKey(t *testing.T) {
	v := versions{kubernetesModule: "v1.37.2", etcdModule: "v3.7.0", kwokModule: "v0.8.0"}
	first := v.key([]string{"-trimpath"})
	if want := "kubernetes-v1.37.2-etcd-v3.7.0-kwok-v0.8.0-" + platform + "-755f42ba"; first != want {
		t.Errorf("got %s, want %s", first, want)
	}
	if second := v.key([]string{"-trimpath", "-gcflags=all=-N"}); second == first {
		t.Error("other flags have the same key")
	}
	v[kubernetesModule] = "v1.36.0"
	if third := v.key([]string{"-trimpath"}); third == first {
		t.Error("another version has the same key")
	}
}

// TestControlPlane: K8S chooses among the versions that are pinned, and nothing but Kubernetes differs.
func TestControlPlane(t *testing.T) {
	const dir = "../controlplane"
	newest, pinned, err := controlPlane(dir, "")
	if err != nil || pinned != dir {
		t.Fatal(pinned, err)
	}
	minors := Minors(dir)
	if last := minors[len(minors)-1]; last != newest.minor() {
		t.Errorf("go.mod pins %s, and the newest is %s", newest.minor(), last)
	}
	for _, minor := range minors {
		v, pinned, err := controlPlane(dir, minor)
		if err != nil {
			t.Fatal(err)
		}
		if v.minor() != minor || v[etcdModule] != newest[etcdModule] || v[kwokModule] != newest[kwokModule] {
			t.Errorf("K8S=%s is %v", minor, v)
		}
		staging := "v0" + strings.TrimPrefix(v[kubernetesModule], "v1")
		if err := replaced(filepath.Join(pinned, "go.mod"), staging); err != nil {
			t.Error(err)
		}
	}
	_, _, err = controlPlane(dir, "1.33")
	if want := "K8S=1.33 is not known; there are 1.34, 1.35, 1.36, 1.37"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// replaced finds what of Kubernetes' own modules is of another version: they are published together.
func replaced(gomod, version string) error {
	text, err := os.ReadFile(gomod)
	if err != nil {
		return err
	}
	count := 0
	for line := range strings.Lines(string(text)) {
		if _, by, ok := strings.Cut(line, "=> "); ok {
			count++
			if !strings.HasSuffix(strings.TrimSpace(by), " "+version) {
				return fmt.Errorf("%s: %s is not %s", gomod, strings.TrimSpace(line), version)
			}
		}
	}
	if count < 20 {
		return fmt.Errorf("%s replaces %d modules", gomod, count)
	}
	return nil
}
