package policy

import (
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// fill copies fields of src that dst leaves open, and records each. Both point to a struct of one type all of whose
// fields can be nil, which means open; skip names fields (as in JSON) to leave alone. What src points to is shared.
func (e *edit) fill(at func() *field.Path, dst, src any, source Source, skip []string) {
	d, s := reflect.ValueOf(dst).Elem(), reflect.ValueOf(src).Elem()
	names := jsonNames[d.Type()]
	for i := range d.NumField() {
		from, to := s.Field(i), d.Field(i)
		if !to.IsNil() || from.IsNil() || slices.Contains(skip, names[i]) {
			continue
		}
		to.Set(from)
		e.record(func() Change {
			return changeOf(at().Child(names[i]), nil, reflect.Indirect(from).Interface(), source)
		})
	}
}

func podPlace() *field.Path { return pathSecurityContext }

// jsonNames are the names of the fields that fill copies, in their order.
var jsonNames = map[reflect.Type][]string{
	reflect.TypeFor[corev1.PodSecurityContext](): namesOf(reflect.TypeFor[corev1.PodSecurityContext]()),
	reflect.TypeFor[corev1.SecurityContext]():    namesOf(reflect.TypeFor[corev1.SecurityContext]()),
}

func namesOf(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(t.Field(i).Tag.Get("json"), ",")
	}
	return names
}
