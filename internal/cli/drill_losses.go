package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/doctor"
)

// files are the policies, and whether they place pods: the built-in one only tells what core is, where nothing is
// installed. They are nil, and reported, where one of them is wrong.
func (d *drilling) files(ctx context.Context, c *console) (files []v1alpha1.File, places bool, err error) {
	if d.policy != "" {
		return c.PolicyFiles(d.policy), true, nil
	}
	held, err := d.HeldPolicy(ctx, input.NameIt("policy"))
	if err != nil {
		return nil, false, err
	}
	if held == nil {
		c.Tell("note: the cluster has no Deployment with the label %q; the built-in policy tells what core is\n", doctor.Label)
		return c.PolicyFiles(""), false, nil
	}
	files, err = c.TellPolicies(held, "policy")
	return files, true, err
}

// loss is nodes that go at once.
type loss struct {
	name  string
	nodes []string
}

// losses are what the flags name, each of them a drill of its own.
func (d *drilling) losses(r *reading) ([]loss, error) {
	switch {
	case d.node != "":
		return d.oneNode(r)
	case d.zone != "":
		return d.oneZone(r)
	case d.pool != "":
		return d.eachOfPool(r)
	}
	core := map[string]bool{}
	for _, p := range r.Pods {
		if p.Core && p.Spec.NodeName != "" {
			core[p.Spec.NodeName] = true
		}
	}
	if len(core) == 0 {
		return nil, fmt.Errorf("no pod of core runs in namespace %s; name the policy that governs it with --policy FILE", v1alpha1.Quoted(r.by.Namespaces()))
	}
	return one(slices.Sorted(maps.Keys(core))), nil
}

// one is a loss for each node.
func one(nodes []string) []loss {
	all := make([]loss, 0, len(nodes))
	for _, name := range nodes {
		all = append(all, loss{"node " + name, []string{name}})
	}
	return all
}

func (d *drilling) oneNode(r *reading) ([]loss, error) {
	if !slices.ContainsFunc(r.Nodes, func(n *corev1.Node) bool { return n.Name == d.node }) {
		return nil, fmt.Errorf("the cluster has no node %q; list its nodes with kubectl get nodes", d.node)
	}
	return one([]string{d.node}), nil
}

func (d *drilling) oneZone(r *reading) ([]loss, error) {
	l := loss{name: "zone " + d.zone}
	zones := map[string]bool{}
	for _, n := range r.Nodes {
		zone := cmp.Or(n.Labels[corev1.LabelTopologyZone], n.Labels[corev1.LabelFailureDomainBetaZone])
		if zone == d.zone {
			l.nodes = append(l.nodes, n.Name)
		}
		if zone != "" {
			zones[zone] = true
		}
	}
	switch {
	case len(l.nodes) > 0:
		return []loss{l}, nil
	case len(zones) == 0:
		return nil, fmt.Errorf("no node has the label %q; name a node with --node", corev1.LabelTopologyZone)
	}
	return nil, fmt.Errorf("no node is in zone %q; name one of %s", d.zone, v1alpha1.Quoted(slices.Sorted(maps.Keys(zones))))
}

// eachOfPool is the loss of each node of a pool.
func (d *drilling) eachOfPool(r *reading) ([]loss, error) {
	names, nodes := map[string]bool{}, map[string]bool{}
	for _, file := range r.by.Files {
		for _, pool := range file.Policy.Spec.NodePools {
			names[pool.Name] = true
			for _, n := range r.Nodes {
				if value, ok := n.Labels[pool.NodeLabel.Key]; ok && value == pool.NodeLabel.Value && pool.Name == d.pool {
					nodes[n.Name] = true
				}
			}
		}
	}
	switch {
	case !names[d.pool]:
		return nil, fmt.Errorf("the policy has no node pool %q; name one of %s", d.pool, v1alpha1.Quoted(slices.Sorted(maps.Keys(names))))
	case len(nodes) == 0:
		return nil, fmt.Errorf("no node is in node pool %q", d.pool)
	}
	return one(slices.Sorted(maps.Keys(nodes))), nil
}
