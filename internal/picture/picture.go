// Package picture draws who lives where in a cluster: node pools as columns, nodes as boxes, pods as cells. The text of a
// terminal and the HTML page are drawn from one Map. It judges nothing: whoever makes the Map marks the pods that should
// not be where they are.
package picture

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Map is who lives where. Its fields are a promise to programs: they are only ever added to.
type Map struct {
	Cluster string    `json:"cluster"` // its address: "https://10.0.0.1:6443"
	Taken   time.Time `json:"taken"`
	// Namespaces are those whose pods were looked at; nil for all.
	Namespaces []string `json:"namespaces,omitempty"`
	// Pools begin with the protected ones. The last has no name: its nodes belong to no node pool.
	Pools   []Pool `json:"pools"`
	Waiting []Pod  `json:"waiting"` // for a node to take them
}

// Pool is the live nodes of a node pool.
type Pool struct {
	Name      string `json:"name,omitempty"`
	Label     string `json:"label,omitempty"` // "polyaxon=core"
	Protected bool   `json:"protected"`
	Nodes     []Node `json:"nodes"`
}

// Node is a live node with the pods that are bound to it.
type Node struct {
	Name  string   `json:"name"`
	Notes []string `json:"notes,omitempty"` // "cordoned", "not ready"
	Pods  []Pod    `json:"pods"`
}

// Pod is one pod that has not ended.
type Pod struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Role      string `json:"role,omitempty"`    // empty for a pod that no policy governs
	Parent    string `json:"parent,omitempty"`  // its controller: "job.batch/train"
	Owner     string `json:"owner,omitempty"`   // whose run it is, in Polyaxon
	Project   string `json:"project,omitempty"` // of that owner
	Mark      Mark   `json:"mark,omitempty"`
	Because   string `json:"because,omitempty"` // why it is marked
}

// Mark says what is wrong with where a pod is.
type Mark string

// The marks; most pods have none.
const (
	Misplaced Mark = "misplaced" // it is on a protected node that its role may not use
	Unproven  Mark = "unproven"  // it is on a protected node as core, and nobody knows who created it
)

// sign stands for the mark wherever a pod is a letter.
func (m Mark) sign() string {
	switch m {
	case Misplaced:
		return "!"
	case Unproven:
		return "?"
	}
	return ""
}

// Sort puts everything in the order in which it is drawn: protected pools first, nodes by name, and of the pods of a node
// those that are marked first, then by role.
func (m *Map) Sort() {
	slices.SortStableFunc(m.Pools, func(a, b Pool) int { return cmp.Compare(rank(a), rank(b)) })
	roles := newRoles(m)
	for _, p := range m.Pools {
		slices.SortFunc(p.Nodes, func(a, b Node) int { return natural(a.Name, b.Name) })
		for _, n := range p.Nodes {
			roles.sort(n.Pods)
		}
	}
	roles.sort(m.Waiting)
}

// natural compares names as people count: "core-2" comes before "core-10".
func natural(a, b string) int {
	digits := func(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
	for a != "" && b != "" {
		m, n := digits(a), digits(b)
		if m == 0 || n == 0 {
			if c := cmp.Compare(a[0], b[0]); c != 0 {
				return c
			}
			a, b = a[1:], b[1:]
			continue
		}
		x, y := strings.TrimLeft(a[:m], "0"), strings.TrimLeft(b[:n], "0")
		if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y), cmp.Compare(m, n)); c != 0 {
			return c
		}
		a, b = a[m:], b[n:]
	}
	return cmp.Compare(a, b)
}

func rank(p Pool) int {
	switch {
	case p.Protected:
		return 0
	case p.Name != "":
		return 1
	}
	return 2
}

// Finding is a marked pod and where it is.
type Finding struct {
	Pod
	Node, Pool string
}

// Findings are all pods with the mark, in the order of the Map.
func (m *Map) Findings(mark Mark) []Finding {
	var found []Finding
	for _, p := range m.Pools {
		for _, n := range p.Nodes {
			for _, pod := range n.Pods {
				if pod.Mark == mark {
					found = append(found, Finding{pod, n.Name, p.Name})
				}
			}
		}
	}
	return found
}

// marked says whether anything is wrong on the node.
func (n Node) marked() bool {
	return slices.ContainsFunc(n.Pods, func(p Pod) bool { return p.Mark != "" })
}

func (p Pool) pods() int {
	total := 0
	for _, n := range p.Nodes {
		total += len(n.Pods)
	}
	return total
}
