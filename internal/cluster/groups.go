package cluster

import (
	"iter"
	"maps"
	"slices"
	"unique"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/landing"
)

// groupsFor yields all nodes by shape. Those that the pod speaks of by their name, or by a label that tells nodes apart,
// come one by one; and so do all where what it asks of such a label is no matter of single values.
func (c *census) groupsFor(pod landing.Constraints) iter.Seq[landing.Group] {
	return func(yield func(landing.Group) bool) {
		asked := map[unique.Handle[string]]bool{}
		for key := range pod.Keys() {
			asked[unique.Make(key)] = true
		}
		groups, nodes := c.snapshot(pod)
		for _, n := range nodes {
			if !yield(landing.Group{Node: n.live(asked), Count: 1}) {
				return
			}
		}
		for _, g := range groups {
			if g.Count > 0 && !yield(g) {
				return
			}
		}
	}
}

// snapshot is the shapes as they are now without the nodes that the pod can tell from their like, and those nodes.
//
// A node that no requirement names is to the pod as one of another name and without individual labels: In does not hold on
// either, and NotIn on both.
func (c *census) snapshot(pod landing.Constraints) ([]landing.Group, []*node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	named, ok := c.named(pod)
	if !ok {
		return nil, slices.Collect(maps.Values(c.nodes))
	}
	groups := c.counted()
	if len(named) == 0 {
		return groups, nil
	}
	groups = slices.Clone(groups)
	nodes := make([]*node, 0, len(named))
	for name := range named {
		if n := c.nodes[name]; n != nil {
			nodes = append(nodes, n)
			groups[c.shapes[c.key(n)].at].Count--
		}
	}
	return groups, nodes
}

// counted are the shapes as groups.
func (c *census) counted() []landing.Group {
	if c.groups == nil {
		c.groups = make([]landing.Group, 0, len(c.shapes))
		for _, s := range c.shapes {
			s.at = len(c.groups)
			c.groups = append(c.groups, landing.Group{Node: s.node, Count: s.count})
		}
	}
	return c.groups
}

// named are the names of the nodes that the pod speaks of, some of which may not be there; false where it asks of names or
// of individual labels what only a look at every node tells.
func (c *census) named(pod landing.Constraints) (names map[string]bool, ok bool) {
	names = map[string]bool{}
	switch pod.NodeName {
	case "":
	case nameless:
		return nil, false
	default:
		names[pod.NodeName] = true
	}
	for key, value := range pod.NodeSelector {
		if k := unique.Make(key); c.individual[k] {
			c.addNamed(names, k, value)
		}
	}
	for r := range pod.Names() {
		if !isOneByOne(r) || slices.Contains(r.Values, nameless) {
			return nil, false
		}
		for _, name := range r.Values {
			names[name] = true
		}
	}
	for r := range pod.Requirements() {
		k := unique.Make(r.Key)
		if !c.individual[k] {
			continue
		}
		if !isOneByOne(r) {
			return nil, false
		}
		for _, value := range r.Values {
			c.addNamed(names, k, value)
		}
	}
	return names, true
}

func (c *census) addNamed(names map[string]bool, key unique.Handle[string], value string) {
	for _, name := range c.names[label{key, unique.Make(value)}] {
		names[name] = true
	}
}

// isOneByOne says whether the requirement is about single values.
func isOneByOne(r corev1.NodeSelectorRequirement) bool {
	return r.Operator == corev1.NodeSelectorOpIn || r.Operator == corev1.NodeSelectorOpNotIn
}
