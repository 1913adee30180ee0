package picture

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// mostNamed is how many a sentence names; it counts the others.
const mostNamed = 3

// Summary says in one sentence whether core is alone on its nodes, and what is wrong where it is not. Alone is false
// where anything is wrong, or nobody knows.
func (m *Map) Summary() (sentence string, alone bool) {
	misplaced, unproven := m.Findings(Misplaced), m.Findings(Unproven)
	protected := m.protected()
	switch {
	case len(protected) == 0:
		return "No node is protected: " + m.unprotected() + ".", false
	case len(misplaced) == 1:
		return "1 pod is on a protected node and is not allowed there: " + places(misplaced) + ".", false
	case len(misplaced) > 1:
		return fmt.Sprintf("%s are on protected nodes and are not allowed there: %s.", count(len(misplaced), "pod"), places(misplaced)), false
	case len(unproven) > 0:
		return "Core is alone on its nodes if all pods there are what they claim; nobody knows who created " + places(unproven) + ".", false
	}
	others := otherRoles(protected)
	if len(others) > 0 {
		return "Core shares its nodes only with what the policy allows there: " + named(others) + ".", true
	}
	return "Core is alone on its nodes.", true
}

// Remarks are the sentences that follow the summary: what else a reader should know.
func (m *Map) Remarks() []string {
	var remarks []string
	if outside := ungoverned(m.protected()); len(outside) > 0 {
		remarks = append(remarks, "On protected nodes there are also pods of namespaces that no policy governs, and static pods: "+named(outside)+".")
	}
	if n := len(m.Waiting); n == 1 {
		remarks = append(remarks, "1 pod waits for a node.")
	} else if n > 1 {
		remarks = append(remarks, count(n, "pod")+" wait for a node.")
	}
	if len(m.Namespaces) > 0 {
		remarks = append(remarks, "Only pods of "+v1alpha1.Quoted(m.Namespaces)+" were looked at: others may be there, too.")
	}
	return remarks
}

// protected are the nodes of protected pools.
func (m *Map) protected() []Node {
	var nodes []Node
	for _, p := range m.Pools {
		if p.Protected {
			nodes = append(nodes, p.Nodes...)
		}
	}
	return nodes
}

// unprotected says why no node is protected.
func (m *Map) unprotected() string {
	var labels []string
	for _, p := range m.Pools {
		if p.Protected {
			labels = append(labels, p.Label)
		}
	}
	if len(labels) == 0 {
		return "the policy protects no node pool"
	}
	return "none carries " + strings.Join(labels, " or ")
}

// otherRoles counts the governed pods that are not core, by role.
func otherRoles(nodes []Node) map[string]int {
	return tally(nodes, func(p Pod) (string, bool) { return p.Role, p.Role != "" && p.Role != v1alpha1.RoleCore })
}

// ungoverned counts the pods that no policy governs, by namespace.
func ungoverned(nodes []Node) map[string]int {
	return tally(nodes, func(p Pod) (string, bool) { return p.Namespace, p.Role == "" })
}

func tally(nodes []Node, by func(Pod) (string, bool)) map[string]int {
	counts := map[string]int{}
	for _, n := range nodes {
		for _, p := range n.Pods {
			if name, ok := by(p); ok {
				counts[name]++
			}
		}
	}
	return counts
}

// named lists counts, the largest first: "kube-system (12), monitoring (2) and 4 more".
func named(counts map[string]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var words []string
	for _, name := range names {
		words = append(words, fmt.Sprintf("%s (%s)", name, number(counts[name])))
	}
	return some(words)
}

// places names pods and their nodes: "polyaxon/train on core-1".
func places(found []Finding) string {
	var words []string
	for _, f := range found {
		words = append(words, f.Place())
	}
	return some(words)
}

// Place is the pod and its node: "polyaxon/train on core-1".
func (f Finding) Place() string { return fmt.Sprintf("%s/%s on %s", f.Namespace, f.Name, f.Node) }

// some names the first few and counts the others.
func some(words []string) string {
	if more := len(words) - mostNamed; more > 1 {
		return strings.Join(words[:mostNamed], ", ") + fmt.Sprintf(" and %s more", number(more))
	}
	return strings.Join(words, ", ")
}

// count is a number of things: "1 pod", "5,000 pods".
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return number(n) + " " + noun
}

// number is a number that people can read: 50,000.
func number(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
