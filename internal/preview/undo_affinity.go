package preview

import (
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// affinityPieces are what a policy may have added to an affinity: requirements in all required terms for nodes, and
// entries of the other lists.
func affinityPieces(a *corev1.Affinity) []piece {
	if a == nil {
		return nil
	}
	var all []piece
	if a.NodeAffinity != nil {
		all = requiredPieces(a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
	}
	for _, part := range []func(*corev1.Affinity) any{
		func(a *corev1.Affinity) any { return a.NodeAffinity },
		func(a *corev1.Affinity) any { return a.PodAffinity },
		func(a *corev1.Affinity) any { return a.PodAntiAffinity },
	} {
		all = append(all, listPieces(a, part)...)
	}
	return all
}

// listPieces are the entries of the lists in one part of the affinity. Those that are the same are one piece, so that
// the part is there for as long as a piece of it is.
func listPieces(a *corev1.Affinity, part func(*corev1.Affinity) any) []piece {
	lists := reflect.ValueOf(part(a))
	if lists.IsNil() {
		return nil
	}
	var all []piece
	for i := range lists.Elem().NumField() {
		list := lists.Elem().Field(i)
		if list.Kind() != reflect.Slice {
			continue
		}
		for at := range list.Len() {
			entry := list.Index(at).Interface()
			if !holds(list.Slice(0, at), entry) {
				all = append(all, func(p *corev1.Pod) { drop(reflect.ValueOf(part(p.Spec.Affinity)).Elem().Field(i), entry) })
			}
		}
	}
	return all
}

func holds(list reflect.Value, entry any) bool {
	for at := range list.Len() {
		if equality.Semantic.DeepEqual(list.Index(at).Interface(), entry) {
			return true
		}
	}
	return false
}

// drop takes every entry that is the same out of a list.
func drop(list reflect.Value, entry any) {
	rest := reflect.Zero(list.Type())
	for at := range list.Len() {
		if !equality.Semantic.DeepEqual(list.Index(at).Interface(), entry) {
			rest = reflect.Append(rest, list.Index(at))
		}
	}
	list.Set(rest)
}

// requiredPieces are the requirements of a node selector, each in all of its terms. A term of which nothing is left goes
// too: it would select no node.
func requiredPieces(s *corev1.NodeSelector) []piece {
	if s == nil {
		return nil
	}
	var seen []corev1.NodeSelectorRequirement
	var all []piece
	for _, term := range s.NodeSelectorTerms {
		for _, r := range term.MatchExpressions {
			if !slices.ContainsFunc(seen, equalTo(r)) {
				seen = append(seen, r)
				all = append(all, func(p *corev1.Pod) { dropRequirement(p, r) })
			}
		}
	}
	return all
}

func dropRequirement(p *corev1.Pod, r corev1.NodeSelectorRequirement) {
	required := p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	var rest []corev1.NodeSelectorTerm
	for _, term := range required.NodeSelectorTerms {
		had := len(term.MatchExpressions)
		term.MatchExpressions = slices.DeleteFunc(term.MatchExpressions, equalTo(r))
		if left := len(term.MatchExpressions); left == had || left+len(term.MatchFields) > 0 {
			rest = append(rest, term)
		}
	}
	required.NodeSelectorTerms = rest
}

// prune takes out of the affinity the parts of which nothing is left: a node selector without terms selects no node.
func prune(p *corev1.Pod) {
	a := p.Spec.Affinity
	if a == nil {
		return
	}
	if n := a.NodeAffinity; n != nil {
		if r := n.RequiredDuringSchedulingIgnoredDuringExecution; r != nil && len(r.NodeSelectorTerms) == 0 {
			n.RequiredDuringSchedulingIgnoredDuringExecution = nil
		}
		if n.RequiredDuringSchedulingIgnoredDuringExecution == nil && len(n.PreferredDuringSchedulingIgnoredDuringExecution) == 0 {
			a.NodeAffinity = nil
		}
	}
	if equality.Semantic.DeepEqual(a.PodAffinity, &corev1.PodAffinity{}) {
		a.PodAffinity = nil
	}
	if equality.Semantic.DeepEqual(a.PodAntiAffinity, &corev1.PodAntiAffinity{}) {
		a.PodAntiAffinity = nil
	}
	if *a == (corev1.Affinity{}) {
		p.Spec.Affinity = nil
	}
}
