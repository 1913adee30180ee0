package report

import (
	"cmp"
	"slices"

	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"

	"github.com/polymoat/polymoat/internal/audit"
)

// severities are those of findings about pods: to be on core's nodes is worse than to be able to.
var severities = map[audit.Kind]openreports.ResultSeverity{
	audit.PodOnProtectedNode: "critical",
	audit.PodOfCoreOutside:   "high",
	audit.PodMayReach:        "high",
	audit.PodClaimsCore:      "high",
	audit.PodInCorePlace:     "critical",
	audit.PodRunsAsRoot:      "medium",
	audit.PodBelowCore:       "low",
}

func byName(a, b Pod) int { return cmp.Compare(a.Name, b.Name) }

// inOrder is by kind, as an audit tells them.
func inOrder(a, b result) int {
	return cmp.Or(cmp.Compare(rank(a.kind), rank(b.kind)), cmp.Compare(a.policy, b.policy), cmp.Compare(a.rule, b.rule))
}

func rank(k audit.Kind) int {
	for i, known := range audit.Kinds {
		if known.Kind == k {
			return i
		}
	}
	return len(audit.Kinds)
}

// Choose takes the workloads that are reported where there are more than most. Namespaces take turns; in each, names that
// come first go first, so that the same ones are chosen again. left is how many are not.
func Choose(all []Workload, most int) (chosen []Workload, left int) {
	chosen = slices.SortedFunc(slices.Values(all), func(a, b Workload) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Owner.Kind, b.Owner.Kind),
			cmp.Compare(a.Owner.Name, b.Owner.Name), cmp.Compare(a.Owner.UID, b.Owner.UID))
	})
	if left = len(chosen) - most; left > 0 {
		return InTurns(chosen, func(w Workload) string { return w.Namespace })[:most], left
	}
	return chosen, 0
}

// InTurns orders a list so that its groups take turns: the first of each, then the second of each, and so on.
func InTurns[E any](list []E, group func(E) string) []E {
	type turn struct {
		number  int
		element E
	}
	turns, next := make([]turn, 0, len(list)), map[string]int{}
	for _, e := range list {
		g := group(e)
		turns = append(turns, turn{next[g], e})
		next[g]++
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return cmp.Compare(a.number, b.number) })
	ordered := make([]E, 0, len(list))
	for _, t := range turns {
		ordered = append(ordered, t.element)
	}
	return ordered
}
