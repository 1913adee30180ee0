package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/polymoat/polymoat/internal/landing"
)

// TestStrip: what is kept of a node is what a decision looks at. The live cluster of e2e fills the cache.
func TestStrip(t *testing.T) {
	taints := []corev1.Taint{{Key: "polyaxon", Value: "core", Effect: corev1.TaintEffectNoSchedule}}
	full := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: "core-1", UID: "u", ResourceVersion: "7", Labels: map[string]string{"polyaxon": "core"},
			Annotations: map[string]string{"big": "text"}, ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubelet"}},
		},
		Spec:   corev1.NodeSpec{Taints: taints, PodCIDR: "10.0.0.0/24"},
		Status: corev1.NodeStatus{Images: []corev1.ContainerImage{{Names: []string{"image"}}}},
	}
	got, err := strip(full)
	if err != nil {
		t.Fatal(err)
	}
	want := landing.Node{Name: "core-1", Labels: map[string]string{"polyaxon": "core"}, Taints: taints}
	if diff := cmp.Diff(want, got.(*node).unpack()); diff != "" {
		t.Errorf("node (-want +got):\n%s", diff)
	}
	if version := got.(*node).ResourceVersion; version != "7" {
		t.Errorf("the informer sees version %q", version)
	}
	if again, err := strip(got); err != nil || again != got {
		t.Errorf("packed twice: %v, %v", again, err)
	}
	gone := cache.DeletedFinalStateUnknown{Key: "core-1", Obj: full}
	if got, err := strip(gone); err != nil || !cmp.Equal(got, any(gone)) {
		t.Errorf("a tombstone became %v, %v", got, err)
	}
}

// TestGetBeforeRun: a node that is not known yet is not there.
func TestGetBeforeRun(t *testing.T) {
	nodes, err := NewNodes(kubeconfigFor(t, "https://127.0.0.1:1"))
	if err != nil {
		t.Fatal(err)
	}
	if nodes.Synced() {
		t.Error("synced before it ran")
	}
	if got, known := nodes.Get("core-1"); known || !cmp.Equal(got, landing.Node{}) {
		t.Errorf("got %v, %v", got, known)
	}
}
