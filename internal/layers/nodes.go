package layers

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Command is what a node pool is missing, and what brings it.
type Command struct {
	Why, Run string
}

// MissingOnNodes are the labels and taints that the nodes of pools lack. A pool without any node is asked for with NODE in
// the place of a name.
func MissingOnNodes(files []v1alpha1.File, nodes []corev1.Node) []Command {
	var missing []Command
	for _, pool := range Pools(files) {
		found := false
		for i := range nodes {
			if value, ok := nodes[i].Labels[pool.NodeLabel.Key]; ok && value == pool.NodeLabel.Value {
				found = true
				missing = append(missing, taints(pool, nodes[i].Name, nodes[i].Spec.Taints)...)
			} else if isPromised(pool, nodes[i].Spec.Taints) {
				found = true
				missing = append(missing, Command{
					Why: fmt.Sprintf("node %s has the taints of node pool %q, and not its label", nodes[i].Name, pool.Name),
					Run: fmt.Sprintf("kubectl label node %s %s --overwrite", shell(nodes[i].Name), shell(pool.NodeLabel.String())),
				})
			}
		}
		if !found {
			none := fmt.Sprintf("no node is of node pool %q: choose some, or let an autoscaler start them with this label and these taints", pool.Name)
			missing = append(missing, Command{none, fmt.Sprintf("kubectl label node NODE %s", shell(pool.NodeLabel.String()))})
			missing = append(missing, taints(pool, "NODE", nil)...)
		}
	}
	return missing
}

// Pools are the node pools of all policies, each label once. One is protected where any policy protects it.
func Pools(files []v1alpha1.File) []v1alpha1.NodePool {
	var pools []v1alpha1.NodePool
	for _, f := range files {
		for _, p := range f.Policy.Spec.NodePools {
			i := slices.IndexFunc(pools, func(o v1alpha1.NodePool) bool { return o.NodeLabel == p.NodeLabel })
			if i < 0 {
				pools = append(pools, p)
				continue
			}
			pools[i].Protected = pools[i].Protected || p.Protected
		}
	}
	return pools
}

// taints are those of the pool that a node does not have.
func taints(pool v1alpha1.NodePool, node string, has []corev1.Taint) []Command {
	var missing []Command
	for _, t := range pool.Taints {
		if !carries(has, t) {
			missing = append(missing, Command{
				Why: fmt.Sprintf("node %s of node pool %q lacks the taint %s", node, pool.Name, t.ToString()),
				Run: fmt.Sprintf("kubectl taint node %s %s", shell(node), shell(t.ToString())),
			})
		}
	}
	return missing
}

func carries(has []corev1.Taint, t corev1.Taint) bool {
	return slices.ContainsFunc(has, func(o corev1.Taint) bool { return o.ToString() == t.ToString() })
}

// isPromised holds for a node that carries all taints of the pool.
func isPromised(pool v1alpha1.NodePool, has []corev1.Taint) bool {
	return len(pool.Taints) > 0 && !slices.ContainsFunc(pool.Taints, func(t corev1.Taint) bool { return !carries(has, t) })
}

// shell is a word of a command line. Names of nodes and labels of a valid policy need no quotes; a file may hold anything.
func shell(word string) string {
	if strings.IndexFunc(word, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./:=@", r)
	}) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
