package policy

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/landing"
)

// unschedulable warns of a pod that no live node takes, which would wait without a word: for an empty node pool, for labels or
// extended resources that no node has, because of taints. It refuses nothing: nodes come and go, and an autoscaler adds one where a pod
// waits for it. It says nothing where the nodes are not known, of pods that have their node already, and where so much is
// asked of so many nodes that it would take long.
func (in *installation) unschedulable(r Request) []string {
	if r.Nodes == nil || r.Pod.Spec.NodeName != "" || isDaemon(r) {
		return nil
	}
	all := liveNodes(slices.Collect(r.Nodes(landing.Of(&r.Pod.Spec)))) // once: they may be others the next time
	if !r.steps.warn(3 * len(all) * nodeSize(&r.Pod.Spec)) {
		return nil
	}
	search, wants := landing.NewSearch(landing.Of(&r.Pod.Spec)), needsOf(&r.Pod.Spec)
	for _, g := range all {
		if wants.met(g.Node) && search.Lands(g.Node) {
			return nil
		}
	}
	if p := in.selectedPool(&r.Pod.Spec); p != nil && p.startsFor(search, wants, all) {
		return []string{fmt.Sprintf("no node takes it yet; node pool %q is autoscaled: a node will be started", p.Name)}
	}
	return []string{"no node takes it, and it stays Pending until one does: " + in.obstacle(search, wants, &r.Pod.Spec, all)}
}

// nodeSize is how many steps it takes to hold a pod against one node. To compare a value is a small one.
func nodeSize(spec *corev1.PodSpec) int {
	asks := landing.Of(spec)
	n := 2 + len(spec.Tolerations) + asks.Size()/64
	for range asks.Requirements() {
		n++
	}
	return n
}

// obstacle names what keeps the pod from all nodes, in the order in which people look: the node pool, the labels that it
// selects, its affinity, what it requests, the taints.
func (in *installation) obstacle(search landing.Search, wants needs, spec *corev1.PodSpec, all liveNodes) string {
	near, text := in.near(spec, all)
	if len(near) == 0 {
		return text
	}
	for _, key := range slices.Sorted(maps.Keys(spec.NodeSelector)) {
		value := spec.NodeSelector[key]
		if len(near.with(key, value)) == 0 {
			return fmt.Sprintf("%s, and %s label %s=%s, which it selects", text, near.none("have", "has"), short(key), short(value))
		}
	}
	selected := near
	for key, value := range spec.NodeSelector {
		selected = selected.with(key, value)
	}
	if len(selected) == 0 {
		return fmt.Sprintf("%s, and %s all labels that it selects: %s", text, near.none("have", "has"), short(printSelector(spec.NodeSelector)))
	}
	matched := selected.where(search.Selects)
	if len(matched) == 0 {
		return text + selected.outOf(near) + ", and " + selected.none("match", "matches") + " its required node affinity"
	}
	giving := matched.where(wants.met)
	text += matched.outOf(near)
	if len(giving) == 0 {
		return text + ", and " + wants.unmet(matched)
	}
	if given := giving.count(); given < matched.count() {
		text += fmt.Sprintf(", of which %d %s what it requests", given, are(given, "has", "have"))
	}
	return text + ", and " + giving.repelled(search)
}

// near is the nodes of the pool that the pod selects, or all nodes, and how many they are.
func (in *installation) near(spec *corev1.PodSpec, all liveNodes) (liveNodes, string) {
	p := in.selectedPool(spec)
	if p == nil {
		return all, "the cluster has " + nodes(all.count())
	}
	of := all.with(p.Key, p.Value)
	return of, fmt.Sprintf("node pool %q has %d of %s", p.Name, of.count(), nodes(all.count()))
}

// selectedPool is the node pool that the pod selects; nil for none.
func (in *installation) selectedPool(spec *corev1.PodSpec) *pool {
	for _, p := range in.pools {
		if value, ok := spec.NodeSelector[p.Key]; ok && value == p.Value {
			return p
		}
	}
	return nil
}

// startsFor says whether an autoscaler would start a node of the pool that takes the pod. What such a node can give is told by
// those that are there; without any, by the resources that the pool is for.
func (p *pool) startsFor(search landing.Search, wants needs, all liveNodes) bool {
	fresh := landing.Node{Labels: map[string]string{p.Key: p.Value}, Taints: p.Taints}
	if !p.autoscaled || !search.Lands(fresh) {
		return false
	}
	if live := all.with(p.Key, p.Value); len(live) > 0 {
		return len(live.where(wants.met)) > 0
	}
	for name := range wants {
		if !slices.Contains(p.resources, name) {
			return false
		}
	}
	return true
}
