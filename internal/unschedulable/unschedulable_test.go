package unschedulable_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/unschedulable"
)

// TestWhy: the cases of whole pods under a policy are in internal/policy.
func TestWhy(t *testing.T) {
	const waits = "no node takes it, and it stays Pending until one does: "
	gpu := landing.Pool{Name: "gpu", Key: "pool", Value: "gpu"}
	selecting := corev1.PodSpec{NodeSelector: map[string]string{"pool": "gpu", "disk": "ssd"}}
	node := func(labels map[string]string, taints ...corev1.Taint) landing.Group {
		return landing.Group{Node: landing.Node{Labels: labels, Taints: taints}, Count: 2}
	}
	for name, tc := range map[string]struct {
		spec corev1.PodSpec
		pool *unschedulable.Pool
		all  []landing.Group
		want string
	}{
		"a node takes it": {all: []landing.Group{node(nil)}},
		"no nodes at all": {want: waits + "the cluster has 0 nodes"},
		"a taint": {all: []landing.Group{node(nil, corev1.Taint{Key: "spot", Effect: corev1.TaintEffectNoSchedule})},
			want: waits + `the cluster has 2 nodes, and all 2 have taint "spot:NoSchedule", which it does not tolerate`},
		"an empty pool": {spec: selecting, pool: &unschedulable.Pool{Pool: gpu}, all: []landing.Group{node(nil)},
			want: waits + `node pool "gpu" has 0 of 2 nodes`},
		"a label": {spec: selecting, pool: &unschedulable.Pool{Pool: gpu}, all: []landing.Group{node(map[string]string{"pool": "gpu"})},
			want: waits + `node pool "gpu" has 2 of 2 nodes, and none of them has label disk=ssd, which it selects`},
		"a pool that grows": {spec: corev1.PodSpec{NodeSelector: map[string]string{"pool": "gpu"}}, pool: &unschedulable.Pool{Pool: gpu, Autoscaled: true},
			want: `no node takes it yet; node pool "gpu" is autoscaled: a node will be started`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := unschedulable.Why(&tc.spec, tc.pool, tc.all); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}
