package binaries

import "testing"

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
