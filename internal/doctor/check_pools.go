package doctor

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// poolNodes finds pools without a node. Those of runs may be waiting for an autoscaler, which is no finding where the policy
// says so.
func poolNodes(v View) []Finding {
	var found []Finding
	for _, p := range v.pools() {
		if len(v.nodesOf(p)) > 0 || p.Autoscaled && !p.Protected {
			continue
		}
		f := Finding{
			Severity: Info,
			What:     fmt.Sprintf("Node pool %q has no node: none is labelled %s.", p.Name, labelOf(p)),
			Why:      "Pods that are placed there stay Pending until an autoscaler or somebody adds one.",
			Fix:      "kubectl label node NODE " + labelOf(p),
		}
		if p.Protected {
			f.Severity = Warning
			f.Why = "Polyaxon's core, and polymoat itself, have nowhere to run."
		}
		found = append(found, f)
	}
	return found
}

// poolTaints finds nodes onto which pods of other namespaces may stray.
func poolTaints(v View) []Finding {
	var found []Finding
	for _, p := range v.pools() {
		for _, taint := range p.Taints {
			var bare []string
			for _, n := range v.Nodes {
				if has(p, n) && !slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.MatchTaint(&taint) && t.Value == taint.Value }) {
					bare = append(bare, n.Name)
				}
			}
			if len(bare) == 0 {
				continue
			}
			f := Finding{
				Severity: Warning,
				What:     fmt.Sprintf("%s of node pool %q %s the taint %s.", upper(nodes(bare)), p.Name, are(bare, "lacks", "lack"), taint.ToString()),
				Why:      "Pods of namespaces that no policy governs may be scheduled there.",
				Fix:      "kubectl taint node " + strings.Join(bare, " ") + " " + taint.ToString(),
			}
			if p.Protected {
				f.Severity = Error
				f.Why = "Only a taint keeps pods off core nodes that polymoat is not asked about: those of other namespaces, and those that were there before."
			}
			found = append(found, f)
		}
	}
	return found
}

// poolLabels finds protected pools whose label a compromised kubelet can write onto its own node, or take from it:
// NodeRestriction forbids it only labels with one prefix.
func poolLabels(v View) []Finding {
	const prefix = "node-restriction.kubernetes.io/"
	var found []Finding
	for _, p := range v.pools() {
		if !p.Protected || strings.HasPrefix(p.NodeLabel.Key, prefix) {
			continue
		}
		found = append(found, Finding{
			Severity: Info,
			What:     fmt.Sprintf("Protected node pool %q goes by the label %q, which a kubelet may write onto its own node.", p.Name, p.NodeLabel.Key),
			Why:      "Anyone who takes over a node of runs can have it taken for a core node, and receive core's pods with their Secrets.",
			Fix:      fmt.Sprintf("kubectl label node NODE %s%s=%s # each of the pool, then name that label in the policy", prefix, bareKey(p), p.NodeLabel.Value),
		})
	}
	return found
}

// twoPools finds nodes that belong to a protected pool and to another one.
func twoPools(v View) []Finding {
	var found []Finding
	pools := v.pools()
	for _, n := range v.Nodes {
		var names []string
		var last v1alpha1.NodePool
		for _, p := range pools {
			if has(p, n) {
				names, last = append(names, p.Name), p
			}
		}
		if len(names) > 1 {
			found = append(found, Finding{
				Severity: Warning,
				What:     fmt.Sprintf("Node %q is in the node pools %s.", n.Name, v1alpha1.Quoted(names)),
				Why:      "Roles of either pool are sent there, and kept off it again where one of them is protected.",
				Fix:      fmt.Sprintf("kubectl label node %s %s-", n.Name, last.NodeLabel.Key),
			})
		}
	}
	return found
}

// noPool finds nodes that no policy speaks of.
func noPool(v View) []Finding {
	var names []string
	for _, n := range v.Nodes {
		if !slices.ContainsFunc(v.pools(), func(p v1alpha1.NodePool) bool { return has(p, n) }) {
			names = append(names, n.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []Finding{{
		Severity: Info,
		What:     fmt.Sprintf("%s %s in no node pool.", upper(nodes(names)), are(names, "is", "are")),
		Why:      "Only pods that are not placed can run there: those of role other, and of namespaces that no policy governs.",
		Fix:      "kubectl label node " + names[0] + " KEY=VALUE # the label of a pool, if it is to be one of its nodes",
	}}
}

func nodes(names []string) string { return are(names, "node ", "the nodes ") + named(names) }

func labelOf(p v1alpha1.NodePool) string { return p.NodeLabel.Key + "=" + p.NodeLabel.Value }

// bareKey is the key of a pool's label without its prefix.
func bareKey(p v1alpha1.NodePool) string {
	return p.NodeLabel.Key[strings.LastIndexByte(p.NodeLabel.Key, '/')+1:]
}
