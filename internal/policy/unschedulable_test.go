package policy_test

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// some are nodes of a pool, with the pool's taint, more labels ("disk=ssd") and more taints.
func some(count int, pool string, labels kv, taints ...corev1.Taint) landing.Group {
	node := landing.Node{Labels: maps.Clone(labels), Taints: taints}
	if pool != "" {
		if node.Labels == nil {
			node.Labels = kv{}
		}
		node.Labels["polyaxon"] = pool
		node.Taints = append([]corev1.Taint{{Key: "polyaxon", Value: pool, Effect: corev1.TaintEffectNoSchedule}}, taints...)
	}
	return landing.Group{Node: node, Count: count}
}

var (
	cordoned = landing.Cordoned()
	spot     = corev1.Taint{Key: "spot", Value: "true", Effect: corev1.TaintEffectNoSchedule}
	prefers  = corev1.Taint{Key: "busy", Effect: corev1.TaintEffectPreferNoSchedule}
)

// nodesAre are live nodes, whatever the pod asks of them.
func nodesAre(groups []landing.Group) func(landing.Constraints) iter.Seq[landing.Group] {
	return func(landing.Constraints) iter.Seq[landing.Group] { return slices.Values(groups) }
}

func keyed(key string) corev1.Taint {
	return corev1.Taint{Key: key, Effect: corev1.TaintEffectNoExecute}
}

func alsoSelects(labels kv) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.NodeSelector = labels }
}

// TestNowhere: the creator of a pod that no live node takes reads which obstacle keeps it from all of them. The pod is a
// job, whose pool is "experiments", unless it is changed.
func TestNowhere(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	const pending = "no node takes it, and it stays Pending until one does: "
	core := some(9, "core", nil)
	for name, tc := range map[string]struct {
		pod   func(*corev1.Pod)
		nodes []landing.Group
		want  string
	}{
		"a node takes it":            {nodes: []landing.Group{core, some(1, "experiments", nil)}},
		"a node would rather not":    {nodes: []landing.Group{some(1, "experiments", nil, prefers)}},
		"one group of three does":    {nodes: []landing.Group{some(2, "experiments", nil, spot), some(1, "experiments", nil), core}},
		"it has its node already":    {pod: func(p *corev1.Pod) { p.Spec.NodeName = "core-1" }, nodes: []landing.Group{}},
		"a cluster without nodes":    {nodes: []landing.Group{}, want: `node pool "experiments" has 0 of 0 nodes`},
		"another, for any node":      {pod: isAnywhere, nodes: []landing.Group{}, want: "the cluster has 0 nodes"},
		"a pool without nodes":       {nodes: []landing.Group{core, some(3, "", nil)}, want: `node pool "experiments" has 0 of 12 nodes`},
		"a pool in a cluster of one": {nodes: []landing.Group{some(1, "", nil)}, want: `node pool "experiments" has 0 of 1 node`},
		"a label that none has": {
			pod: alsoSelects(kv{"disk": "ssd"}), nodes: []landing.Group{core, some(3, "experiments", kv{"disk": "hdd"})},
			want: `node pool "experiments" has 3 of 12 nodes, and none of them has label disk=ssd, which it selects`,
		},
		"a label that the only one has not": {
			pod: alsoSelects(kv{"disk": "ssd"}), nodes: []landing.Group{core, some(1, "experiments", nil)},
			want: `node pool "experiments" has 1 of 10 nodes, and that one does not have label disk=ssd, which it selects`,
		},
		"labels that none has together": {
			pod: alsoSelects(kv{"disk": "ssd", "zone": "a"}), nodes: []landing.Group{some(1, "experiments", kv{"disk": "ssd"}), some(1, "experiments", kv{"zone": "a"})},
			want: `node pool "experiments" has 2 of 2 nodes, and none of them has all labels that it selects: disk=ssd,polyaxon=experiments,zone=a`,
		},
		"an affinity that none meets": {
			pod: requires("gpu", "Exists"), nodes: []landing.Group{core, some(3, "experiments", nil)},
			want: `node pool "experiments" has 3 of 12 nodes, and none of them matches its required node affinity`,
		},
		"an affinity that none meets of those with a label": {
			pod:   func(p *corev1.Pod) { requires("gpu", "Exists")(p); alsoSelects(kv{"disk": "ssd"})(p) },
			nodes: []landing.Group{core, some(2, "experiments", kv{"gpu": "a"}), some(1, "experiments", kv{"disk": "ssd"})},
			want:  `node pool "experiments" has 3 of 12 nodes, of which it selects 1, and that one does not match its required node affinity`,
		},
		"a taint of all": {
			nodes: []landing.Group{core, some(3, "experiments", nil, spot)},
			want:  `node pool "experiments" has 3 of 12 nodes, and all 3 have taint "spot=true:NoSchedule", which it does not tolerate`,
		},
		"a taint of those with a label": {
			pod:   alsoSelects(kv{"disk": "ssd"}),
			nodes: []landing.Group{core, some(1, "experiments", nil), some(2, "experiments", kv{"disk": "ssd"}, spot)},
			want: `node pool "experiments" has 3 of 12 nodes, of which it selects 2, and ` +
				`all 2 have taint "spot=true:NoSchedule", which it does not tolerate`,
		},
		"all cordoned": {
			nodes: []landing.Group{core, some(3, "experiments", nil, cordoned)},
			want:  `node pool "experiments" has 3 of 12 nodes, and all 3 are cordoned`,
		},
		"the only one cordoned": {
			nodes: []landing.Group{core, some(1, "experiments", nil, cordoned)},
			want:  `node pool "experiments" has 1 of 10 nodes, and that one is cordoned`,
		},
		"some cordoned, one with a taint": {
			nodes: []landing.Group{core, some(2, "experiments", nil, cordoned), some(1, "experiments", nil, spot)},
			want: `node pool "experiments" has 3 of 12 nodes, and ` +
				`2 are cordoned; 1 has taint "spot=true:NoSchedule", which it does not tolerate`,
		},
		"more taints than can be told": {
			nodes: []landing.Group{some(1, "experiments", nil, keyed("a"), keyed("b"), keyed("c")), some(1, "experiments", nil, keyed("d"), keyed("e"), keyed("f"))},
			want: `node pool "experiments" has 2 of 2 nodes, and 1 has taint "a:NoExecute", which it does not tolerate; ` +
				`1 has taint "b:NoExecute", which it does not tolerate; 1 has taint "c:NoExecute", which it does not tolerate; ` +
				`1 has taint "d:NoExecute", which it does not tolerate; and 2 more taints`,
		},
		"a role without a pool": {
			pod: isAnywhere, nodes: []landing.Group{core, some(1, "", nil, spot)},
			want: `the cluster has 10 nodes, of which it selects 1, and that one has taint "spot=true:NoSchedule", which it does not tolerate`,
		},
		"a role without a pool, with an affinity": {
			pod:   func(p *corev1.Pod) { isAnywhere(p); requires("gpu", "Exists")(p) },
			nodes: []landing.Group{core, some(3, "", nil)},
			want:  `the cluster has 12 nodes, and none of them matches its required node affinity`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			pod := job()
			if tc.pod != nil {
				tc.pod(pod)
			}
			d := p.Review(policy.Request{
				Namespace: "polyaxon", Pod: pod, Nodes: nodesAre(tc.nodes),
				User: policy.UserInfo{Name: "system:kube-scheduler"},
			})
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

// isAnywhere is a pod of role other, which has no pool and is sealed off the protected ones where it could land there.
func isAnywhere(p *corev1.Pod) {
	p.Labels = nil
	p.Spec.Tolerations = []corev1.Toleration{{Key: "polyaxon", Operator: corev1.TolerationOpExists}}
}

// TestNowhereIsForPodsThatAreCreated: not for those that are refused, that come by another door, that the DaemonSet
// controller makes for a node, or that nobody governs.
func TestNowhereIsForPodsThatAreCreated(t *testing.T) {
	daemon := with(job(), func(p *corev1.Pod) { p.OwnerReferences = owned("apps/v1", "DaemonSet", "a") })
	p := compile(t, v1alpha1.Default())
	for name, r := range map[string]policy.Request{
		"refused":     {Namespace: "polyaxon", Pod: with(job(), selects("polyaxon", "core"))},
		"updated":     {Namespace: "polyaxon", Pod: job(), Old: job()},
		"of a daemon": {Namespace: "polyaxon", Pod: daemon, User: policy.UserInfo{Name: "system:serviceaccount:kube-system:daemon-set-controller"}},
		"elsewhere":   {Namespace: "elsewhere", Pod: job()},
	} {
		t.Run(name, func(t *testing.T) {
			r.Nodes = nodesAre(nil)
			if d := p.Validate(r); len(d.Warnings) > 0 {
				t.Errorf("warns %q", d.Warnings)
			}
		})
	}
	known := policy.Request{Namespace: "polyaxon", Pod: with(job(), selects("polyaxon", "experiments"))}
	if d := p.Review(known); len(d.Warnings) > 0 {
		t.Errorf("warns %q, and knows no nodes", d.Warnings)
	}
}

// TestTheNodesAreThoseOfThePlacedPod: nodes come with the labels that the pod asks about. What the pod is given asks about
// more than its template does.
func TestTheNodesAreThoseOfThePlacedPod(t *testing.T) {
	byHost := with(job(), alsoSelects(kv{corev1.LabelHostname: "experiments-1"}))
	byName := with(job(), func(p *corev1.Pod) {
		named := corev1.NodeSelectorRequirement{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{"experiments-1"}}
		p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{named}}},
		}}}
	})
	nodes := func(asks landing.Constraints) iter.Seq[landing.Group] {
		has := some(1, "experiments", kv{corev1.LabelHostname: "experiments-1"})
		asked := slices.Collect(asks.Keys())
		maps.DeleteFunc(has.Node.Labels, func(key, _ string) bool { return !slices.Contains(asked, key) })
		has.Node.Name = "experiments-1"
		return slices.Values([]landing.Group{has})
	}
	p := compile(t, v1alpha1.Default())
	for name, pod := range map[string]*corev1.Pod{"by its label": byHost, "by its name": byName} {
		w := templated(pod, nil)
		w.Templates[0].Nodes = nodes
		if d := p.ValidateWorkload(w); len(d.Warnings) > 0 {
			t.Errorf("a workload that names a host %s is warned: %q", name, d.Warnings)
		}
	}
}
