package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var (
	pathAffinity     = field.NewPath("spec", "affinity")
	pathRequired     = pathAffinity.Child("nodeAffinity", required)
	pathAntiAffinity = pathAffinity.Child("podAntiAffinity", required)
)

// attract adds the role's affinity to the pod's. Required node terms are ANDed into every term of the pod, all else
// is appended where it is not there yet.
func (e *edit) attract(want *corev1.Affinity) {
	if want == nil {
		return
	}
	if want.NodeAffinity != nil {
		e.attractNodes(want.NodeAffinity)
	}
	if w := want.PodAffinity; w != nil {
		h := setNew(&e.affinity().PodAffinity)
		path := pathAffinity.Child("podAffinity")
		appendMissing(e, path.Child(required), &h.RequiredDuringSchedulingIgnoredDuringExecution, w.RequiredDuringSchedulingIgnoredDuringExecution)
		appendMissing(e, path.Child(preferred), &h.PreferredDuringSchedulingIgnoredDuringExecution, w.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	if w := want.PodAntiAffinity; w != nil {
		h := setNew(&e.affinity().PodAntiAffinity)
		path := pathAffinity.Child("podAntiAffinity")
		appendMissing(e, path.Child(required), &h.RequiredDuringSchedulingIgnoredDuringExecution, w.RequiredDuringSchedulingIgnoredDuringExecution)
		appendMissing(e, path.Child(preferred), &h.PreferredDuringSchedulingIgnoredDuringExecution, w.PreferredDuringSchedulingIgnoredDuringExecution)
	}
}

const (
	required  = "requiredDuringSchedulingIgnoredDuringExecution"
	preferred = "preferredDuringSchedulingIgnoredDuringExecution"
)

func (e *edit) attractNodes(want *corev1.NodeAffinity) {
	have := setNew(&e.affinity().NodeAffinity)
	if want.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		e.require(want.RequiredDuringSchedulingIgnoredDuringExecution, FromRole)
	}
	appendMissing(e, pathAffinity.Child("nodeAffinity", preferred),
		&have.PreferredDuringSchedulingIgnoredDuringExecution, want.PreferredDuringSchedulingIgnoredDuringExecution)
}

// require ANDs a node selector into the pod's required node affinity.
func (e *edit) require(want *corev1.NodeSelector, source Source) {
	have := &e.affinity().NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	was := *have
	is := and(was, want)
	if equality.Semantic.DeepEqual(was, is) {
		return
	}
	*have = is
	e.record(func() Change {
		if was == nil {
			return changeOf(pathRequired, nil, is, source)
		}
		return changeOf(pathRequired, was, is, source)
	})
}

// and is the node selector that selects what both select. Terms are ORed, so every term of one meets every term of the
// other. A term that already holds all of one of want's terms stays as it is: doing it twice changes nothing. A term
// without requirements selects no node and must not come to select some.
func and(have, want *corev1.NodeSelector) *corev1.NodeSelector {
	if have == nil {
		return want.DeepCopy()
	}
	is := &corev1.NodeSelector{}
	for _, h := range have.NodeSelectorTerms {
		empty := len(h.MatchExpressions)+len(h.MatchFields) == 0
		if empty || slices.ContainsFunc(want.NodeSelectorTerms, func(w corev1.NodeSelectorTerm) bool { return holds(h, w) }) {
			is.NodeSelectorTerms = append(is.NodeSelectorTerms, h)
			continue
		}
		for _, w := range want.NodeSelectorTerms {
			is.NodeSelectorTerms = append(is.NodeSelectorTerms, corev1.NodeSelectorTerm{
				MatchExpressions: merge(h.MatchExpressions, w.MatchExpressions),
				MatchFields:      merge(h.MatchFields, w.MatchFields),
			})
		}
	}
	return is
}

// holds says whether a term has all requirements of another.
func holds(have, want corev1.NodeSelectorTerm) bool {
	return len(merge(have.MatchExpressions, want.MatchExpressions)) == len(have.MatchExpressions) &&
		len(merge(have.MatchFields, want.MatchFields)) == len(have.MatchFields)
}

// merge is have with those of want that it lacks.
func merge[T any](have, want []T) []T {
	is := slices.Clone(have)
	for _, w := range want {
		if !slices.ContainsFunc(have, func(h T) bool { return equality.Semantic.DeepEqual(h, w) }) {
			is = append(is, w)
		}
	}
	return is
}

// appendMissing appends to a list of the pod's affinity what it lacks of the role's.
func appendMissing[T any](e *edit, path *field.Path, have *[]T, want []T) {
	was := len(*have)
	*have = merge(*have, want)
	for i, added := range (*have)[was:] {
		e.record(func() Change { return changeOf(path.Index(was+i), nil, added, FromRole) })
	}
}

// affinity is the pod's affinity, made where there is none.
func (e *edit) affinity() *corev1.Affinity { return setNew(&e.pod.Spec.Affinity) }

// setNew makes what the field points to where it is nil.
func setNew[T any](field **T) *T {
	*field = orNew(*field)
	return *field
}

func orNew[T any](p *T) *T {
	if p == nil {
		return new(T)
	}
	return p
}

// releaseTerms removes requirements from the pod's required node terms. One term is enough for the scheduler: where nothing
// is left of one, the pod requires nothing.
func (e *edit) releaseTerms(ours func(corev1.NodeSelectorRequirement) bool) {
	a := e.pod.Spec.Affinity
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return
	}
	was := a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	is, released := was.DeepCopy(), false
	for i := range was.NodeSelectorTerms {
		if !slices.ContainsFunc(was.NodeSelectorTerms[i].MatchExpressions, ours) {
			continue
		}
		released = true
		term := &is.NodeSelectorTerms[i]
		term.MatchExpressions = slices.DeleteFunc(term.MatchExpressions, ours)
		if len(term.MatchExpressions)+len(term.MatchFields) == 0 {
			is = nil
			break
		}
	}
	if !released {
		return
	}
	a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = is
	e.record(func() Change { return changeOf(pathRequired, was, is, FromPool) })
}
