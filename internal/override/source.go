package override

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/polyaxon"
)

// IsKey says whether a label or annotation asks something of polymoat, or seems to. The API server takes
// annotations in capitals.
func IsKey(key string) bool {
	return len(key) >= len(Prefix) && strings.EqualFold(key[:len(Prefix)], Prefix)
}

// source is what carries overrides: a pod, or the resource that it was made of.
type source struct {
	annotations, labels map[string]string
	in                  string // what its places begin with
}

// annotation is where an annotation stands.
func (b source) annotation(key string) *field.Path {
	return field.NewPath(b.in+"metadata", "annotations").Key(key)
}

// label is where a label stands.
func (b source) label(key string) *field.Path {
	return field.NewPath(b.in+"metadata", "labels").Key(key)
}

// beside is the owner with what it says beyond the pod: Polyaxon copies to most pods what stands there, and that is read
// from the pod.
func beside(owner *polyaxon.Owner, pod *corev1.Pod) source {
	return source{
		annotations: without(owner.Annotations, pod.Annotations), labels: without(owner.Labels, pod.Labels),
		in: owner.String() + ": ",
	}
}

func without(values, known map[string]string) map[string]string {
	values = maps.Clone(values)
	maps.DeleteFunc(values, func(key, value string) bool {
		own, ok := known[key]
		return ok && own == value
	})
	return values
}

// allAsks are the overrides that the pod carries, and those of its owner that it does not. Where both ask for different
// things, neither is right.
func allAsks(pod *corev1.Pod, owner *polyaxon.Owner) ([]ask, field.ErrorList) {
	asked, errs := source{annotations: pod.Annotations, labels: pod.Labels}.asks()
	if owner == nil {
		return asked, errs
	}
	more, others := beside(owner, pod).asks()
	errs = append(errs, others...)
	for _, a := range more {
		own := slices.IndexFunc(asked, func(o ask) bool { return o.Name == a.Name })
		switch {
		case own < 0 && !carries(pod, a.Name):
			asked = append(asked, a)
		case own >= 0 && asked[own].value != a.value:
			errs = append(errs, field.Invalid(asked[own].path, polyaxon.Clip(asked[own].value),
				fmt.Sprintf("disagrees with %s, which is %q; keep one", a.path, polyaxon.Clip(a.value))))
			asked = slices.Delete(asked, own, own+1)
		}
	}
	slices.SortFunc(asked, func(a, b ask) int { return rank(a) - rank(b) })
	return asked, errs
}

// carries says whether the pod has the override itself, however wrong.
func carries(pod *corev1.Pod, name string) bool {
	_, annotated := pod.Annotations[name]
	_, labelled := pod.Labels[name]
	return annotated || labelled
}

// rank is the place of an override in the list.
func rank(a ask) int {
	return slices.IndexFunc(overrides, func(o Override) bool { return o.Name == a.Name })
}
