package polyaxon

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// TestBundledStore: the NFS server of 0.1 to 0.3 is part of Polyaxon, by its name and its release together.
func TestBundledStore(t *testing.T) {
	for release, want := range map[string]string{"plx": v1alpha1.RoleCore, "": ""} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "plx-polyaxon-nfs", "release": release}}}
		if got := Identify(pod, "plx").Role; got != want {
			t.Errorf("with release %q it is %q, want %q", release, got, want)
		}
	}
}

// TestShared: what runs of all generations carry is told apart from what only core does.
func TestShared(t *testing.T) {
	for _, tc := range []struct {
		key, value string
		want       bool
	}{
		{"role", "polyaxon-workers", true}, {"role", "polyaxon-api", false}, {"type", "polyaxon-runner", true}, {"type", "polyaxon-core", false},
		{"app", "polyaxon-experiment", true}, {"app", "polyaxon-polyaxon-api", false}, {"app.kubernetes.io/component", "polyaxon-jobs", true},
		{"app.kubernetes.io/component", "polyaxon-api", false}, {"app.kubernetes.io/part-of", "polyaxon-core", false},
		{"app.kubernetes.io/managed-by", "Helm", true}, {"release", "polyaxon", false},
	} {
		if got := len(Shared(map[string]string{tc.key: tc.value})) == 1; got != tc.want {
			t.Errorf("%s=%s: %v", tc.key, tc.value, got)
		}
	}
}
