package inventory

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
)

// house says who lives where.
type house struct {
	pools   []*pool // core first, then those of runs
	core    string
	runs    []string // pool names, the default first
	builds  string
	leftOut []string // sentences about pools that are not in the policy
}

// settle chooses pools. What the cluster does not have is assumed, as the built-in policy names it.
func settle(found []*pool, w Wishes) house {
	slices.SortStableFunc(found, func(a, b *pool) int {
		return cmp.Or(cmp.Compare(rank(a.use), rank(b.use)), cmp.Compare(a.clarity, b.clarity), cmp.Compare(b.nodes, a.nodes))
	})
	var h house
	if !hasCore(found) {
		h.add(assume("core", w.PoolLabel, w.Core))
	}
	if !slices.ContainsFunc(found, func(p *pool) bool { return p.use == forRuns || p.use == forGPUs }) {
		found = append(found, assume("experiments", w.PoolLabel, ""))
	}
	for _, p := range found {
		h.add(p)
	}
	h.assign()
	return h
}

// rank is the order of pools in a policy.
func rank(u use) int { return slices.Index([]use{forCore, forRuns, forBuilds, forGPUs, unknown}, u) }

// assume is a pool that the cluster does not have yet: its nodes are to be labelled and tainted.
func assume(name, key, value string) *pool {
	label := v1alpha1.NodeLabel{Key: cmp.Or(key, "polyaxon"), Value: cmp.Or(value, name)}
	p := &pool{use: forRuns, NodePool: v1alpha1.NodePool{
		Name: name, NodeLabel: label, Taints: []corev1.Taint{{Key: label.Key, Value: label.Value, Effect: corev1.TaintEffectNoSchedule}},
	}}
	if name == "core" {
		p.use = forCore
	}
	p.assumed = []string{"assumed: nothing in the cluster says which nodes these are; label and taint them"}
	return p
}

// add takes a pool in, unless nothing says what it is for or its pods would tolerate what keeps them off another.
func (h *house) add(p *pool) {
	if p.use == unknown {
		h.leave(p, "its name does not say what it is for")
		return
	}
	for _, other := range h.pools {
		for _, t := range p.Taints {
			if landing.Repels(&t) && slices.ContainsFunc(other.Taints, func(o corev1.Taint) bool { return o.ToString() == t.ToString() }) {
				h.leave(p, fmt.Sprintf("it shares the taint %s with node pool %q; give each a taint of its own", t.ToString(), other.Name))
				return
			}
		}
		if other.Name == p.Name {
			p.Name += "-" + dnsLabel(p.NodeLabel.Key)
		}
	}
	if p.use == forCore {
		h.protect(p)
	}
	h.pools = append(h.pools, p)
}

func (h *house) leave(p *pool, why string) {
	h.leftOut = append(h.leftOut, fmt.Sprintf("%s (%s): %s", p.NodeLabel, nodes(p.nodes), why))
}

// protect makes the pool Polyaxon's own. A taint that keeps others off is assumed where its nodes have none.
func (h *house) protect(p *pool) {
	p.Protected = true
	if slices.ContainsFunc(p.Taints, func(t corev1.Taint) bool { return landing.Repels(&t) }) {
		return
	}
	t := corev1.Taint{Key: "polyaxon", Value: "core", Effect: corev1.TaintEffectNoSchedule}
	if isOwn(p.NodeLabel.Key) {
		t.Key, t.Value = p.NodeLabel.Key, p.NodeLabel.Value
	}
	p.Taints = append(slices.Clone(p.Taints), t)
	p.assumed = append(p.assumed, fmt.Sprintf("assumed: the taint %s; no node of the pool has one that keeps other pods off", t.ToString()))
}

// assign gives the pools to roles.
func (h *house) assign() {
	for _, p := range h.pools {
		switch p.use {
		case forCore:
			h.core = p.Name
		case forBuilds:
			h.builds = cmp.Or(h.builds, p.Name)
		case unknown: // never in the house
		case forRuns, forGPUs:
			h.runs = append(h.runs, p.Name)
		}
	}
	h.builds = cmp.Or(h.builds, h.runs[0])
}

// nodes is a number of nodes: "1 node".
func nodes(n int) string {
	if n == 1 {
		return "1 node"
	}
	return fmt.Sprintf("%d nodes", n)
}
