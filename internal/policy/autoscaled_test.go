package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestAutoscaledPools: a pod for which a node will be started is not said to wait without end. What no new node would give is
// told as in any other pool.
func TestAutoscaledPools(t *testing.T) {
	doc := v1alpha1.Default()
	for i := range doc.Spec.NodePools {
		doc.Spec.NodePools[i].Autoscaled = true
		if doc.Spec.NodePools[i].Name == "experiments" {
			doc.Spec.NodePools[i].Resources = []string{"nvidia.com/gpu"}
		}
	}
	p := compile(t, doc)
	const starts = `no node takes it yet; node pool "experiments" is autoscaled: a node will be started`
	const pending = "no node takes it, and it stays Pending until one does: "
	core, gpu := some(6, "core", nil), requests(kv{"nvidia.com/gpu": "2"})
	with2 := some(1, "experiments", nil, cordoned)
	with2.Node.Extended = map[string]int64{"nvidia.com/gpu": 2}
	for name, tc := range map[string]struct {
		pod   func(*corev1.Pod)
		nodes []landing.Group
		want  string
	}{
		"no node of the pool":       {nodes: []landing.Group{core}, want: starts},
		"no node at all":            {nodes: []landing.Group{}, want: starts},
		"all are cordoned":          {nodes: []landing.Group{core, some(3, "experiments", nil, cordoned)}, want: starts},
		"a node takes it":           {nodes: []landing.Group{some(1, "experiments", nil)}},
		"a resource of the pool":    {pod: gpu, nodes: []landing.Group{core}, want: starts},
		"as many as its nodes have": {pod: gpu, nodes: []landing.Group{with2}, want: starts},
		"more than its nodes have": {pod: requests(kv{"nvidia.com/gpu": "4"}), nodes: []landing.Group{with2},
			want: pending + `node pool "experiments" has 1 of 1 node, and that one does not have 4 nvidia.com/gpu, which it requests: at most 2`},
		"a resource that the pool is not for": {pod: requests(kv{"example.com/fpga": "1"}), nodes: []landing.Group{core},
			want: pending + `node pool "experiments" has 0 of 6 nodes`},
		"a label that the policy does not promise": {pod: alsoSelects(kv{"disk": "ssd"}), nodes: []landing.Group{core},
			want: pending + `node pool "experiments" has 0 of 6 nodes`},
		"no pool": {pod: isAnywhere, nodes: []landing.Group{}, want: pending + "the cluster has 0 nodes"},
	} {
		t.Run(name, func(t *testing.T) {
			pod := job()
			if tc.pod != nil {
				tc.pod(pod)
			}
			d := p.Review(policy.Request{Namespace: "polyaxon", Pod: pod, Nodes: nodesAre(tc.nodes)})
			if diff := cmp.Diff(tc.want, strings.Join(d.Warnings, "\n")); diff != "" || d.Verdict != policy.Allowed {
				t.Errorf("%s: %v\n(-want +got):\n%s", d.Verdict, d.Violations, diff)
			}
		})
	}
}
