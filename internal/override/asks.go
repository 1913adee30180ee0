package override

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
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

// ask is one override that a pod or its owner carries.
type ask struct {
	Override
	value string
	path  *field.Path
}

// asks are the overrides that it carries, in the order of the list, and what in our domain is none.
func (b source) asks() ([]ask, field.ErrorList) {
	if !asksAnything(b.annotations) && !asksAnything(b.labels) {
		return nil, nil
	}
	errs := append(unknownOverrides(b.annotation, b.annotations), unknownOverrides(b.label, b.labels)...)
	var asked []ask
	for _, o := range overrides {
		value, annotated := b.annotations[o.Name]
		label, labelled := b.labels[o.Name]
		switch {
		case labelled && !o.Label:
			errs = append(errs, field.Invalid(b.label(o.Name), polyaxon.Clip(label), "is read from an annotation only; write it as one"))
		case labelled && annotated && label != value:
			errs = append(errs, field.Invalid(b.label(o.Name), polyaxon.Clip(label),
				fmt.Sprintf("disagrees with %s, which is %q; keep one", b.annotation(o.Name), polyaxon.Clip(value))))
		case annotated:
			asked = append(asked, ask{o, value, b.annotation(o.Name)})
		case labelled:
			asked = append(asked, ask{o, label, b.label(o.Name)})
		}
	}
	return asked, errs
}

func asksAnything(values map[string]string) bool {
	for key := range values {
		if IsKey(key) {
			return true
		}
	}
	return false
}

// mostUnknown is how many unknown keys are put into words: a pod may carry thousands.
const mostUnknown = 64

// unknownOverrides are keys in our domain that are no override. One that is not understood is refused rather than ignored:
// its author relies on it. Those beyond the most are only counted: they ask for nothing, whatever they are.
func unknownOverrides(at func(key string) *field.Path, values map[string]string) field.ErrorList {
	var found []string
	for key := range values {
		if IsKey(key) && !slices.ContainsFunc(overrides, func(o Override) bool { return o.Name == key }) {
			found = append(found, key)
		}
	}
	slices.Sort(found)
	var errs field.ErrorList
	for _, key := range found[:min(len(found), mostUnknown)] {
		errs = append(errs, field.Invalid(at(polyaxon.Clip(key)), polyaxon.Clip(values[key]), "is not an override; "+suggest(polyaxon.Clip(key))))
	}
	if more := len(found) - len(errs); more > 0 {
		last := errs[len(errs)-1]
		last.Detail += fmt.Sprintf("; and %d more keys are none either", more)
	}
	return errs
}

// suggest is the override nearest to a key, or all of them.
func suggest(key string) string {
	var names []string
	for _, o := range overrides {
		names = append(names, strings.TrimPrefix(o.Name, Prefix))
	}
	if near := v1alpha1.Nearest(key[len(Prefix):], names); near != "" {
		return fmt.Sprintf("did you mean %q?", Prefix+near)
	}
	return fmt.Sprintf("accepted after %q: %s", Prefix, v1alpha1.Quoted(names))
}
