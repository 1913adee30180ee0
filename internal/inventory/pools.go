package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// karpenterPool is the label of Karpenter's nodes.
const karpenterPool = "karpenter.sh/nodepool"

// cloudKeys are the labels by which clouds tell their node groups, in the order in which they are tried.
var cloudKeys = []string{
	karpenterPool, "eks.amazonaws.com/nodegroup", "alpha.eksctl.io/nodegroup-name", "cloud.google.com/gke-nodepool",
	"kubernetes.azure.com/agentpool", "agentpool", "kops.k8s.io/instancegroup",
}

// rolePrefix begins the labels that `kubectl get nodes` shows as roles. They have no value.
const rolePrefix = "node-role.kubernetes.io/"

// pool is nodes with one label.
type pool struct {
	v1alpha1.NodePool
	use     use
	clarity int // of its name, 0 is clearest
	nodes   int // that are live
	assumed []string
}

// group are the pools of the nodes that carry the label, the value of each a pool; for a role of nodes there is one.
func group(members []member, key string) []*pool {
	byValue := map[string][]member{}
	for _, m := range members {
		if value, ok := m.labels[key]; ok {
			byValue[value] = append(byValue[value], m)
		}
	}
	var pools []*pool
	for _, value := range slices.Sorted(maps.Keys(byValue)) {
		pools = append(pools, poolOf(v1alpha1.NodeLabel{Key: key, Value: value}, byValue[value]))
	}
	return pools
}

func poolOf(label v1alpha1.NodeLabel, members []member) *pool {
	p := &pool{NodePool: v1alpha1.NodePool{NodeLabel: label, Taints: members[0].taints, Resources: members[0].resources}}
	for _, m := range members {
		p.Taints = slices.DeleteFunc(slices.Clone(p.Taints), func(t corev1.Taint) bool { return !slices.Contains(m.taints, t) })
		p.Resources = slices.DeleteFunc(slices.Clone(p.Resources), func(r string) bool { return !slices.Contains(m.resources, r) })
		if m.live {
			p.nodes++
		}
	}
	text := cmp.Or(label.Value, label.Key[strings.LastIndex(label.Key, "/")+1:])
	p.Name = dnsLabel(text)
	p.use, p.clarity = read(text)
	if len(p.Resources) > 0 && p.use != forCore {
		p.use = forGPUs
	}
	return p
}

// dnsLabel is a text as the name of a pool or a policy.
func dnsLabel(text string) string {
	mapped := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(text))
	return cmp.Or(strings.Trim(mapped[:min(len(mapped), 63)], "-"), "pool")
}

// isOwn holds for labels that the administrators of a cluster thought of, not a cloud, a distribution or an operator.
func isOwn(key string) bool {
	domain, _, found := strings.Cut(key, "/")
	if !found {
		return !slices.Contains(cloudKeys, key) && !strings.HasPrefix(key, "storage") // AKS writes two of these
	}
	for _, foreign := range []string{
		"kubernetes.io", "k8s.io", "amazonaws.com", "eksctl.io", "karpenter.sh", "karpenter.k8s.aws", "google.com", "azure.com",
		"openshift.io", "nvidia.com", "cattle.io", "projectcalico.org", "cilium.io", "rancher.io", "k3s.io",
	} {
		if domain == foreign || strings.HasSuffix(domain, "."+foreign) {
			return false
		}
	}
	return true
}

// find are the pools of a cluster by the label that tells them best. Without one that tells which nodes are Polyaxon's,
// there are none.
func find(members []member, w Wishes) []*pool {
	if w.PoolLabel != "" {
		return markCore(group(members, w.PoolLabel), w.Core)
	}
	if own := byOwnLabel(members, w.Core); own != nil {
		return own
	}
	for _, key := range cloudKeys {
		if pools := markCore(group(members, key), w.Core); hasCore(pools) {
			return pools
		}
	}
	for _, pools := range [][]*pool{byMode(members), byRole(members)} {
		if markCore(pools, w.Core); hasCore(pools) {
			return pools
		}
	}
	return nil
}

// byMode are the pools of AKS: those of mode "system" are one, whatever they are called.
func byMode(members []member) []*pool {
	const mode = "kubernetes.azure.com/mode"
	users := slices.DeleteFunc(slices.Clone(members), func(m member) bool { return m.labels[mode] != "user" })
	system := slices.DeleteFunc(slices.Clone(members), func(m member) bool { return m.labels[mode] != "system" })
	return append(group(system, mode), group(users, "kubernetes.azure.com/agentpool")...)
}

// byOwnLabel are the pools by the label of the administrators' own that most nodes carry.
func byOwnLabel(members []member, core string) []*pool {
	keys := map[string]bool{}
	for _, m := range members {
		for key := range m.labels {
			keys[key] = keys[key] || isOwn(key)
		}
	}
	var best []*pool
	carriers := 0
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !keys[key] {
			continue
		}
		carry := 0
		for _, m := range members {
			if m.has(key) {
				carry++
			}
		}
		if pools := markCore(group(members, key), core); hasCore(pools) && carry > carriers {
			best, carriers = pools, carry
		}
	}
	return best
}

// byRole are the pools by the roles of nodes, each a label of its own. A node may have several: then it is of none that
// includes another's.
func byRole(members []member) []*pool {
	keys := map[string]bool{}
	for _, m := range members {
		for key := range m.labels {
			if strings.HasPrefix(key, rolePrefix) && !slices.Contains(controlPlane, key) {
				keys[key] = true
			}
		}
	}
	var pools []*pool
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !wider(members, key, keys) {
			pools = append(pools, group(members, key)...)
		}
	}
	return pools
}

// wider says whether all nodes of another role have this one, too, and others besides.
func wider(members []member, key string, keys map[string]bool) bool {
	for other := range keys {
		both, this, that := 0, 0, 0
		for _, m := range members {
			if m.has(key) {
				this++
			}
			if m.has(other) {
				that++
			}
			if m.has(key) && m.has(other) {
				both++
			}
		}
		if other != key && both == that && this > that {
			return true
		}
	}
	return false
}

// markCore leaves at most one pool for Polyaxon itself: that of the wished value, else the one with the clearest name.
func markCore(pools []*pool, wish string) []*pool {
	var core *pool
	for _, p := range pools {
		switch {
		case wish != "":
			if p.NodeLabel.Value == wish || p.Name == wish {
				core = p
			}
		case p.use == forCore && (core == nil || p.clarity < core.clarity):
			core = p
		}
	}
	for _, p := range pools {
		if p.use == forCore {
			p.use = unknown
		}
	}
	if core != nil {
		core.use = forCore
	}
	return pools
}

func hasCore(pools []*pool) bool {
	return slices.ContainsFunc(pools, func(p *pool) bool { return p.use == forCore })
}
