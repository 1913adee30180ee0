package policy_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	schedulinghelper "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
	"pgregory.net/rapid"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/landing/landingtest"
	"github.com/polymoat/polymoat/internal/policy"
)

// rounds is how many times TestAllowedPodsCouldRun does what -rapid.checks says: 100,000 policies and pods are
//
//	go test ./internal/policy -run AllowedPodsCouldRun -rapid.checks=3334
const rounds = 30

// TestAllowedPodsCouldRun: whatever pools a policy has and whatever a pod asks for, what is allowed could run on some node
// of a pool of its role, on no protected one, and what is refused for its pool could run on none. The scheduler's own
// functions judge.
func TestAllowedPodsCouldRun(t *testing.T) {
	base := v1alpha1.Default()
	for range rounds {
		rapid.Check(t, func(rt *rapid.T) {
			choose := func(n int) int { return rapid.IntRange(0, n-1).Draw(rt, "choice") }
			w := worldOf(choose)
			pod := w.pod(choose)
			d := w.compile(t, *base).Review(policy.Request{Namespace: "polyaxon", Pod: pod, User: policy.UserInfo{Name: scheduler}})
			stored := pod
			if d.Pod != nil {
				stored = d.Pod
			}
			switch {
			case d.Verdict == policy.Allowed:
				w.allowed(rt, stored)
			case slices.Contains(rulesOf(d), "node-pool") && w.role.Affinity == nil && len(w.role.NodeSelector) == 0:
				w.refused(rt, pod, d)
			}
		})
	}
}

// world is a random set of pools, and those that jobs may use.
type world struct {
	pools     []landing.Pool
	protected []bool
	serving   []bool // GPUs
	own       []int
	replace   bool
	role      landing.Constraints // what the role adds
}

func worldOf(choose landingtest.Choose) world {
	var w world
	for range 1 + choose(4) {
		p := landingtest.Pool(choose)
		p.Key = []string{"polyaxon", "a", "b"}[choose(3)]
		if slices.ContainsFunc(w.pools, func(o landing.Pool) bool { return o.Key == p.Key && o.Value == p.Value }) {
			continue
		}
		p.Name, p.Without, p.WithoutKey = fmt.Sprintf("p%d", len(w.pools)), nil, ""
		w.pools, w.protected = append(w.pools, p), append(w.protected, choose(3) == 2)
		w.serving = append(w.serving, choose(3) == 2)
		if i := len(w.pools) - 1; !w.protected[i] && choose(3) > 0 {
			w.own = slices.Insert(w.own, choose(len(w.own)+1), i)
		}
	}
	w.replace = choose(3) == 2
	if choose(4) == 3 {
		w.role = landingtest.Constraints(choose)
		maps.DeleteFunc(w.role.NodeSelector, func(key, _ string) bool {
			return slices.ContainsFunc(w.pools, func(p landing.Pool) bool { return p.Key == key })
		})
	}
	return w
}

func (w world) compile(t *testing.T, doc v1alpha1.PlacementPolicy) *policy.Policy {
	doc.Spec.NodePools, doc.Spec.Roles = nil, []v1alpha1.Role{{Name: "jobs", PodSecurity: v1alpha1.Privileged}, {Name: "core"}}
	for i, p := range w.pools {
		doc.Spec.NodePools = append(doc.Spec.NodePools, v1alpha1.NodePool{
			Name: p.Name, NodeLabel: v1alpha1.NodeLabel{Key: p.Key, Value: p.Value}, Taints: p.Taints, Protected: w.protected[i],
		})
		if w.serving[i] {
			doc.Spec.NodePools[i].Resources = []string{"nvidia.com/gpu"}
		}
	}
	for _, i := range w.own {
		doc.Spec.Roles[0].NodePools = append(doc.Spec.Roles[0].NodePools, w.pools[i].Name)
	}
	doc.Spec.Roles[0].NodeSelector = w.role.NodeSelector
	if w.role.Affinity != nil {
		doc.Spec.Roles[0].Affinity = &corev1.Affinity{NodeAffinity: w.role.Affinity}
	}
	if w.replace {
		doc.Spec.Roles[0].OnConflict = v1alpha1.Replace
	}
	return compile(t, &doc)
}

func (w world) pod(choose landingtest.Choose) *corev1.Pod {
	pod, c := job(), landingtest.Constraints(choose)
	pod.Spec.NodeName, pod.Spec.NodeSelector, pod.Spec.Tolerations = c.NodeName, c.NodeSelector, c.Tolerations
	if choose(2) == 1 && len(w.pools) > 0 {
		p := w.pools[choose(len(w.pools))]
		pod.Spec.NodeSelector = kv{p.Key: p.Value}
	}
	if choose(3) == 2 {
		requests(kv{"nvidia.com/gpu": "1"})(pod)
	}
	if c.Affinity != nil {
		pod.Spec.Affinity = &corev1.Affinity{NodeAffinity: c.Affinity}
	}
	return pod
}

// unprotected are all nodes that belong to no protected pool.
func (w world) unprotected() landing.Pool {
	free := landing.Pool{Key: "free"}
	for i, p := range w.pools {
		if w.protected[i] {
			free.Without = append(free.Without, landing.Label{Key: p.Key, Value: p.Value})
		}
	}
	return free
}

func (w world) allowed(rt *rapid.T, pod *corev1.Pod) {
	lands := judge(pod)
	for i, p := range w.pools {
		if !w.protected[i] || repels(pod, p.Taints) {
			continue
		}
		if nodes := landingtest.NodesOf(p); slices.ContainsFunc(nodes, lands) {
			rt.Fatalf("%v\nallowed, and runs on %s of a protected pool: %s", w, nodes[slices.IndexFunc(nodes, lands)], text(pod.Spec))
		}
	}
	could := func(of landing.Pool, tainted func(landing.Node) landing.Node) bool {
		made, ok := landing.Witness(landing.Of(&pod.Spec), of) // a node of which the generators do not think
		return ok && lands(tainted(made)) || slices.ContainsFunc(landingtest.NodesOf(of), func(n landing.Node) bool { return lands(tainted(n)) })
	}
	if len(w.own) == 0 { // nobody places it: whether it tolerates an unprotected pool is its own affair
		if !could(w.unprotected(), func(n landing.Node) landing.Node { return n }) {
			rt.Fatalf("%v\nallowed, and runs nowhere: %s", w, text(pod.Spec))
		}
		return
	}
	if !slices.ContainsFunc(w.own, func(i int) bool { return could(w.alone(i, pod.Spec.NodeSelector), w.tainted) }) {
		rt.Fatalf("%v\nallowed, and runs on no pool of its role: %s", w, text(pod.Spec))
	}
}

// alone are the nodes that belong to one pool, and to no other that is not asked for.
func (w world) alone(i int, asked kv) landing.Pool {
	p := w.pools[i]
	p.Taints = nil
	for _, o := range w.pools {
		if value, ok := asked[o.Key]; o.Key != p.Key && (!ok || value != o.Value) {
			p.Without = append(p.Without, landing.Label{Key: o.Key, Value: o.Value})
		}
	}
	return p
}

// tainted is the node with the taints of all pools whose labels it carries.
func (w world) tainted(n landing.Node) landing.Node {
	n.Taints = nil
	for _, p := range w.pools {
		if landingtest.Has(p, n) {
			n.Taints = append(n.Taints, p.Taints...)
		}
	}
	return n
}

// refused holds that the pod as it came could run on no node that is only its role's, taints aside.
func (w world) refused(rt *rapid.T, pod *corev1.Pod, d policy.Decision) {
	pod = pod.DeepCopy()
	pod.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	lands := judge(pod)
	for _, i := range w.own {
		if nodes := landingtest.NodesOf(w.alone(i, nil)); slices.ContainsFunc(nodes, lands) {
			rt.Fatalf("%v\nrefused (%v), and could run on %s: %s", w, d.Violations, nodes[slices.IndexFunc(nodes, lands)], text(pod.Spec))
		}
	}
}

// judge answers for known nodes with the scheduler's functions.
func judge(pod *corev1.Pod) func(landing.Node) bool {
	affinity := nodeaffinity.GetRequiredNodeAffinity(pod)
	return func(n landing.Node) bool {
		if pod.Spec.NodeName != "" && pod.Spec.NodeName != n.Name || repels(pod, n.Taints) {
			return false
		}
		match, _ := affinity.Match(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: n.Labels}})
		return match
	}
}

func repels(pod *corev1.Pod, taints []corev1.Taint) bool {
	counts := func(t *corev1.Taint) bool { return t.Effect == "NoSchedule" || t.Effect == "NoExecute" }
	_, repelled := schedulinghelper.FindMatchingUntoleratedTaint(klog.Logger{}, taints, pod.Spec.Tolerations, counts, true)
	return repelled
}

func text(v any) string {
	b, _ := json.Marshal(v) // a pod always marshals
	return string(b)
}
