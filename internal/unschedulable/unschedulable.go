// Package unschedulable says why no live node takes a pod, which would stay Pending without a word: its node pool is empty, no
// node has the labels or extended resources that it asks for, or all have taints that it does not tolerate.
package unschedulable

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/resource"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// Pool is a node pool of the policy.
type Pool struct {
	landing.Pool
	Autoscaled bool     // a node is started where a pod waits for one
	Resources  []string // that its nodes are for: "nvidia.com/gpu"
}

// Why is a warning of a pod that none of the live nodes takes; empty where one does. pool is the one that the pod selects,
// nil for none. It is no reason to refuse: nodes come and go, and an autoscaler adds one where a pod waits for it.
func Why(spec *corev1.PodSpec, pool *Pool, all []landing.Group) string {
	search, wants := landing.NewSearch(landing.Of(spec)), NeedsOf(spec)
	for _, g := range all {
		if wants.met(g.Node) && search.Lands(g.Node) {
			return ""
		}
	}
	if pool != nil && pool.startsFor(search, wants, all) {
		return fmt.Sprintf("no node takes it yet; node pool %q is autoscaled: a node will be started", pool.Name)
	}
	return "no node takes it, and it stays Pending until one does: " + obstacle(spec, pool, search, wants, all)
}

// Steps is how much work Why may be, in steps of a decision: it holds the pod against each group of nodes up to three times.
func Steps(spec *corev1.PodSpec, all []landing.Group) int {
	asks := landing.Of(spec)
	n := 2 + len(spec.Tolerations) + asks.Size()/64
	for range asks.Requirements() {
		n++
	}
	return 3 * len(all) * n
}

// obstacle names what keeps the pod from all nodes, in the order in which people look: the node pool, the labels that it
// selects, its affinity, what it requests, the taints.
func obstacle(spec *corev1.PodSpec, pool *Pool, search landing.Search, wants Needs, all liveNodes) string {
	near, text := pool.near(all)
	if len(near) == 0 {
		return text
	}
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(spec.NodeSelector)) {
		value := spec.NodeSelector[key]
		pairs = append(pairs, key+"="+value)
		if len(near.with(key, value)) == 0 {
			return fmt.Sprintf("%s, and %s label %s=%s, which it selects", text, near.none("have", "has"), polyaxon.Clip(key), polyaxon.Clip(value))
		}
	}
	selected := near
	for key, value := range spec.NodeSelector {
		selected = selected.with(key, value)
	}
	if len(selected) == 0 {
		return fmt.Sprintf("%s, and %s all labels that it selects: %s", text, near.none("have", "has"), polyaxon.Clip(strings.Join(pairs, ",")))
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

// near is the nodes of the pool, or all nodes without one, and how many they are.
func (p *Pool) near(all liveNodes) (liveNodes, string) {
	if p == nil {
		return all, "the cluster has " + nodes(all.count())
	}
	of := all.with(p.Key, p.Value)
	return of, fmt.Sprintf("node pool %q has %d of %s", p.Name, of.count(), nodes(all.count()))
}

// startsFor says whether an autoscaler would start a node of the pool that takes the pod. What such a node can give is told by
// those that are there; without any, by the resources that the pool is for.
func (p *Pool) startsFor(search landing.Search, wants Needs, all liveNodes) bool {
	fresh := landing.Node{Labels: map[string]string{p.Key: p.Value}, Taints: p.Taints}
	if !p.Autoscaled || !search.Lands(fresh) {
		return false
	}
	if live := all.with(p.Key, p.Value); len(live) > 0 {
		return len(live.where(wants.met)) > 0
	}
	for name := range wants {
		if !slices.Contains(p.Resources, name) {
			return false
		}
	}
	return true
}

// Needs are extended resources that a pod requests, and how many: "nvidia.com/gpu". Nil for most pods.
type Needs map[string]int64

// NeedsOf adds up the pod's containers as the scheduler does.
func NeedsOf(spec *corev1.PodSpec) Needs {
	if !slices.ContainsFunc(spec.Containers, needsAnything) && !slices.ContainsFunc(spec.InitContainers, needsAnything) {
		return nil
	}
	alike := &corev1.Pod{Spec: corev1.PodSpec{Containers: bare(spec.Containers), InitContainers: bare(spec.InitContainers)}}
	all := Needs{}
	for name, quantity := range resource.PodRequests(alike, resource.PodResourcesOptions{}) {
		if quantity.Sign() > 0 {
			all[string(name)] = quantity.Value()
		}
	}
	return all
}

func needsAnything(c corev1.Container) bool {
	for _, list := range []corev1.ResourceList{c.Resources.Requests, c.Resources.Limits} {
		for name := range list {
			if v1alpha1.IsExtended(name) {
				return true
			}
		}
	}
	return false
}

// bare are the containers with the extended resources that they request, and no more. Where a request is left out, the
// API server takes the limit.
func bare(containers []corev1.Container) []corev1.Container {
	list := make([]corev1.Container, len(containers))
	for i, c := range containers {
		asked := corev1.ResourceList{}
		for _, from := range []corev1.ResourceList{c.Resources.Limits, c.Resources.Requests} {
			for name, quantity := range from {
				if v1alpha1.IsExtended(name) {
					asked[name] = quantity
				}
			}
		}
		list[i] = corev1.Container{RestartPolicy: c.RestartPolicy, Resources: corev1.ResourceRequirements{Requests: asked}}
	}
	return list
}

// met says whether the node can give all of it, to this pod alone.
func (n Needs) met(node landing.Node) bool {
	for name, count := range n {
		if node.Extended[name] < count {
			return false
		}
	}
	return true
}

// unmet says what none of the nodes can give, which were just counted.
func (n Needs) unmet(nodes liveNodes) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(n)) {
		var most int64
		for _, g := range nodes {
			most = max(most, g.Node.Extended[name])
		}
		what := fmt.Sprintf("%d %s", n[name], polyaxon.Clip(name))
		if most < n[name] {
			return fmt.Sprintf("%s %s, which it requests: at most %d", nodes.none("have", "has"), what, most)
		}
		all = append(all, what)
	}
	return nodes.none("have", "has") + " all that it requests: " + strings.Join(all, ", ")
}
