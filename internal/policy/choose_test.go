package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// servingPolicy has pools that serve resources. Jobs list them before their other pool.
const servingPolicy = `
apiVersion: polymoat.io/v1alpha1
kind: PlacementPolicy
metadata: {name: serving}
spec:
  namespaces: [polyaxon]
  nodePools:
  - {name: core, nodeLabel: {key: polyaxon, value: core}, protected: true}
  - {name: rdma, nodeLabel: {key: polyaxon, value: rdma}, resources: [nvidia.com/gpu, rdma/hca]}
  - {name: gpu, nodeLabel: {key: polyaxon, value: gpu}, taints: [{key: nvidia.com/gpu, effect: NoSchedule}], resources: [nvidia.com/gpu]}
  - {name: cpu, nodeLabel: {key: polyaxon, value: cpu}}
  roles:
  - {name: jobs, nodePools: [gpu, rdma, cpu], overrides: {nodePools: [cpu]}}
  - {name: services, nodePools: [cpu]}
  - {name: notebooks, nodePools: [gpu]}
`

func serving(t *testing.T) *policy.Policy {
	doc, err := v1alpha1.Load("serving.yaml", []byte(servingPolicy))
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, doc)
}

func requests(list kv) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.Containers[0].Resources.Requests = quantities(list) }
}

func quantities(list kv) corev1.ResourceList {
	all := corev1.ResourceList{}
	for name, quantity := range list {
		all[corev1.ResourceName(name)] = resource.MustParse(quantity)
	}
	return all
}

// TestPoolsThatServeResources: a run that requests what a pool serves goes to the first of its role that does, and one
// that does not stays off such pools unless it asks for one.
func TestPoolsThatServeResources(t *testing.T) {
	p := serving(t)
	for name, tc := range map[string]struct {
		pod  []func(*corev1.Pod)
		want string
	}{
		"a job that requests nothing": {want: "polyaxon=cpu; "},
		"processors alone":            {pod: pods(requests(kv{"cpu": "2", "memory": "1Gi"})), want: "polyaxon=cpu; "},
		"a GPU":                       {pod: pods(requests(kv{"nvidia.com/gpu": "1"})), want: "polyaxon=gpu; nvidia.com/gpu"},
		"no GPU, said as 0":           {pod: pods(requests(kv{"nvidia.com/gpu": "0"})), want: "polyaxon=cpu; "},
		"a GPU by its limit": {pod: pods(func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Limits = quantities(kv{"nvidia.com/gpu": "1"})
		}), want: "polyaxon=gpu; nvidia.com/gpu"},
		"a GPU in an init container": {pod: pods(func(p *corev1.Pod) {
			p.Spec.InitContainers = []corev1.Container{{Name: "i", Image: "python", Resources: corev1.ResourceRequirements{Limits: quantities(kv{"nvidia.com/gpu": "1"})}}}
		}), want: "polyaxon=gpu; nvidia.com/gpu"},
		"what the second pool alone serves": {pod: pods(requests(kv{"nvidia.com/gpu": "1", "rdma/hca": "1"})), want: "polyaxon=rdma; "},
		"what no pool serves":               {pod: pods(requests(kv{"amd.com/gpu": "1"})), want: "polyaxon=cpu; "},
		"a GPU, and something that no pool serves": {
			pod: pods(requests(kv{"nvidia.com/gpu": "1", "example.com/fpga": "1"})), want: "polyaxon=gpu; nvidia.com/gpu"},
		"no GPU, and the pool's label": {pod: pods(selects("polyaxon", "gpu")), want: "polyaxon=gpu; nvidia.com/gpu"},
		"a GPU, and another pool's label": {
			pod: pods(requests(kv{"nvidia.com/gpu": "1"}), selects("polyaxon", "cpu")), want: "polyaxon=cpu; "},
		"a GPU, and an override": {pod: pods(requests(kv{"nvidia.com/gpu": "1"}), func(p *corev1.Pod) {
			p.Annotations = kv{"polymoat.io/node-pool": "cpu"}
		}), want: "polyaxon=cpu; "},
		"a role without such a pool":   {pod: pods(isService, requests(kv{"nvidia.com/gpu": "1"})), want: "polyaxon=cpu; "},
		"a role without another pool":  {pod: pods(isNotebook), want: "polyaxon=gpu; nvidia.com/gpu"},
		"a role that has the one pool": {pod: pods(isNotebook, requests(kv{"nvidia.com/gpu": "1"})), want: "polyaxon=gpu; nvidia.com/gpu"},
	} {
		t.Run(name, func(t *testing.T) {
			pod := job()
			for _, change := range tc.pod {
				change(pod)
			}
			if diff := cmp.Diff(tc.want, placed(p.Review(policy.Request{Namespace: "polyaxon", Pod: pod}), pod)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestNowhereForResources: what a node can give counts as its labels and taints do.
func TestNowhereForResources(t *testing.T) {
	p := serving(t)
	gpus := func(count int, n int64, taints ...corev1.Taint) landing.Group {
		taints = append(taints, corev1.Taint{Key: "nvidia.com/gpu", Effect: "NoSchedule"})
		node := landing.Node{Labels: kv{"polyaxon": "gpu"}, Taints: taints}
		if n > 0 {
			node.Extended = map[string]int64{"nvidia.com/gpu": n}
		}
		return landing.Group{Node: node, Count: count}
	}
	const pending = "no node takes it, and it stays Pending until one does: "
	eight := requests(kv{"nvidia.com/gpu": "8"})
	for name, tc := range map[string]struct {
		pod   func(*corev1.Pod)
		nodes []landing.Group
		want  string
	}{
		"a node has as many": {eight, []landing.Group{gpus(2, 4), gpus(1, 8)}, ""},
		"all have fewer": {eight, []landing.Group{gpus(2, 4), gpus(1, 2), some(3, "core", nil)},
			`node pool "gpu" has 3 of 6 nodes, and none of them has 8 nvidia.com/gpu, which it requests: at most 4`},
		"the only one has none": {eight, []landing.Group{gpus(1, 0)},
			`node pool "gpu" has 1 of 1 node, and that one does not have 8 nvidia.com/gpu, which it requests: at most 0`},
		"the one that has as many has a taint": {eight, []landing.Group{gpus(2, 4), gpus(1, 8, spot)},
			`node pool "gpu" has 3 of 3 nodes, of which 1 has what it requests, and that one has taint "spot=true:NoSchedule", which it does not tolerate`},
		"two containers that share": {func(p *corev1.Pod) {
			requests(kv{"nvidia.com/gpu": "3"})(p)
			p.Spec.Containers = append(p.Spec.Containers, p.Spec.Containers[0])
			p.Spec.Containers[1].Name = "second"
		}, []landing.Group{gpus(1, 4)},
			`node pool "gpu" has 1 of 1 node, and that one does not have 6 nvidia.com/gpu, which it requests: at most 4`},
		"no node has both": {requests(kv{"nvidia.com/gpu": "1", "rdma/hca": "1"}), []landing.Group{
			{Node: landing.Node{Labels: kv{"polyaxon": "rdma"}, Extended: map[string]int64{"rdma/hca": 1}}, Count: 1},
			{Node: landing.Node{Labels: kv{"polyaxon": "rdma"}, Extended: map[string]int64{"nvidia.com/gpu": 1}}, Count: 1},
		}, `node pool "rdma" has 2 of 2 nodes, and none of them has all that it requests: 1 nvidia.com/gpu, 1 rdma/hca`},
	} {
		t.Run(name, func(t *testing.T) {
			pod := job()
			tc.pod(pod)
			d := p.Review(policy.Request{Namespace: "polyaxon", Pod: pod, Nodes: nodesAre(tc.nodes)})
			want := tc.want
			if want != "" {
				want = pending + want
			}
			if diff := cmp.Diff(want, strings.Join(d.Warnings, "\n")); diff != "" || d.Verdict != policy.Allowed {
				t.Errorf("%s: %v\n(-want +got):\n%s", d.Verdict, d.Violations, diff)
			}
		})
	}
}
