package audit

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/landing"
)

// Node judges the labels and taints of a node.
func (a *Auditor) Node(n landing.Node) []Finding {
	var found []Finding
	for _, p := range a.pools {
		if !p.protected {
			continue
		}
		f := Finding{Policy: p.policy, Object: "node/" + n.Name, NodePool: p.Name}
		if p.has(n) {
			found = append(found, a.member(f, p, n)...)
		} else if a.onlyTainted(p, n) {
			f.Kind = NodeWithoutLabel
			f.Detail = fmt.Sprintf("has the taints of protected pool %q (%s), and not its label %s=%s", p.Name, printed(p.Taints), p.Key, p.Value)
			f.Fix = fmt.Sprintf("label it %s=%s, or take the taint away", p.Key, p.Value)
			found = append(found, f)
		}
	}
	return found
}

// member are the findings about a node of a protected pool.
func (a *Auditor) member(f Finding, p pool, n landing.Node) []Finding {
	var found []Finding
	missing := slices.DeleteFunc(slices.Clone(p.Taints), func(t corev1.Taint) bool { return !landing.Repels(&t) || carries(n, t) })
	if len(missing) > 0 {
		f.Kind = NodeWithoutTaint
		f.Detail = fmt.Sprintf("is labelled %s=%s, and lacks %s of protected pool %q: pods that polymoat does not judge land on it",
			p.Key, p.Value, printed(missing), p.Name)
		f.Fix = fmt.Sprintf("kubectl taint node %s %s", n.Name, printed(missing))
		found = append(found, f)
	}
	for _, other := range a.pools {
		if other.protected || !other.has(n) {
			continue
		}
		f.Kind = NodeInTwoPools
		f.Detail = fmt.Sprintf("is labelled %s=%s of protected pool %q and %s=%s of pool %q, whose pods may be sent there",
			p.Key, p.Value, p.Name, other.Key, other.Value, other.Name)
		f.Fix = fmt.Sprintf("kubectl label node %s %s-", n.Name, other.Key)
		found = append(found, f)
	}
	return found
}

// onlyTainted says whether the node has the taints of a protected pool, all of them, and belongs to no pool. A taint that
// two pools share says nothing.
func (a *Auditor) onlyTainted(p pool, n landing.Node) bool {
	if len(p.Taints) == 0 || slices.ContainsFunc(a.pools, func(o pool) bool { return o.has(n) }) {
		return false
	}
	return !slices.ContainsFunc(p.Taints, func(t corev1.Taint) bool { return !carries(n, t) })
}

func carries(n landing.Node, t corev1.Taint) bool {
	return slices.ContainsFunc(n.Taints, func(o corev1.Taint) bool { return o.MatchTaint(&t) && o.Value == t.Value })
}

// printed are taints as kubectl writes them: "polyaxon=core:NoSchedule".
func printed(taints []corev1.Taint) string {
	var words []string
	for i := range taints {
		words = append(words, taints[i].ToString())
	}
	return strings.Join(words, " ")
}
