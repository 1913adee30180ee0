package policy

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/unschedulable"
)

// A node may carry the labels of several pools where their keys differ: `accelerator=a100` and `priority=spot`. It then
// has the taints of both. So a pod is placed on nodes of one pool and of no other, unless it asks for both itself.

// know takes in which pools there are, and describes the nodes that belong to one of them alone.
func (in *installation) know(protected []*pool) {
	in.known = slices.Clone(in.pools)
	for _, p := range protected {
		if !slices.ContainsFunc(in.known, p.sameNodes) {
			in.known = append(in.known, p)
		}
	}
	in.free = &pool{alone: anywhere, outside: anywhere, keyless: anywhere}
	for _, p := range in.known {
		if !slices.Contains(in.poolKeys, p.Key) {
			in.poolKeys = append(in.poolKeys, p.Key)
		}
		if p.protected {
			in.free.alone.Without = append(in.free.alone.Without, p.label())
		}
	}
	for _, p := range in.pools {
		p.outside = landing.Pool{Key: anywhere.Key, Without: []landing.Label{p.label()}}
		p.keyless = landing.Pool{Key: anywhere.Key, WithoutKey: p.Key}
		p.alone = landing.Pool{Name: p.Name, Key: p.Key, Value: p.Value}
		for _, o := range in.known {
			if o.Key != p.Key {
				p.alone.Without = append(p.alone.Without, o.label())
			}
		}
	}
}

// choose picks, of the pools that a pod may use, the one on which it is placed: one without which its own selectors leave
// it no node; else one whose label they ask for with any value; else the first on which they leave it a node. It is
// several where the pod cannot do without any of them, and none where they leave it no node.
func choose(c landing.Constraints, pools []*pool) []*pool {
	var bound, named, rest []*pool
	for _, p := range pools {
		switch {
		case !landing.Possible(c, p.outside):
			bound = append(bound, p)
		case !landing.Possible(c, p.keyless):
			named = append(named, p)
		default:
			rest = append(rest, p)
		}
	}
	for _, p := range slices.Concat(bound, named, rest) {
		if landing.Possible(c, p.beside(bound)) {
			if !slices.Contains(bound, p) {
				bound = append(bound, p)
			}
			return bound
		}
	}
	return nil
}

// choose picks the pools for a pod to which the role's own selector and affinity will be added.
func (s *subject) choose(pod *corev1.Pod, pools []*pool) []*pool {
	c := landing.Of(&pod.Spec)
	if len(s.role.nodeSelector) > 0 {
		own := c.NodeSelector
		c.NodeSelector = maps.Clone(s.role.nodeSelector)
		maps.Copy(c.NodeSelector, own) // the pod's own word counts
	}
	if a := s.role.affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		own := orNew(c.Affinity).RequiredDuringSchedulingIgnoredDuringExecution
		c.Affinity = &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: and(own, a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution),
		}
	}
	return choose(c, pools)
}

// beside describes the nodes of the pool that belong to no other pool but these.
func (p *pool) beside(others []*pool) landing.Pool {
	if len(others) == 0 || len(others) == 1 && others[0] == p {
		return p.alone
	}
	with := p.alone
	with.Without = slices.DeleteFunc(slices.Clone(with.Without), func(l landing.Label) bool {
		return slices.ContainsFunc(others, func(o *pool) bool { return o.label() == l })
	})
	return with
}

// leaves says whether the pod's own selectors leave it a node of the pools.
func leaves(c landing.Constraints, pools []*pool) bool { return len(choose(c, pools)) > 0 }

// elsewhere is the key of the nodeSelector that by itself leaves the pod no node of the pools, because it is the label of
// another; empty where there is none.
func (in *installation) elsewhere(pod *corev1.Pod, pools []*pool) string {
	for _, key := range in.poolKeys {
		value, ok := pod.Spec.NodeSelector[key]
		if ok && !leaves(landing.Constraints{NodeSelector: map[string]string{key: value}}, pools) {
			return key
		}
	}
	return ""
}

// serving are the pools with those first that serve what a pod needs: all of what any of them serves. Pods that need
// nothing of that are served by pools that are for no resources.
func serving(pools []*pool, spec *corev1.PodSpec) []*pool {
	var served []string
	for _, p := range pools {
		served = append(served, p.resources...)
	}
	if len(served) == 0 {
		return pools
	}
	wanted := common(slices.Collect(maps.Keys(unschedulable.NeedsOf(spec))), served)
	var first, rest []*pool
	for _, p := range pools {
		if len(common(wanted, p.resources)) == len(wanted) && (len(wanted) > 0 || len(p.resources) == 0) {
			first = append(first, p)
		} else {
			rest = append(rest, p)
		}
	}
	return append(first, rest...)
}
