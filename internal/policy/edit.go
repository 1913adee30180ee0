package policy

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// edit is a pod that is being placed, and what was changed of it so far.
type edit struct {
	pod     *corev1.Pod
	changed bool
	brief   bool // nobody reads what was changed
	changes []Change
}

// record notes a change. Most changes nobody reads, and to word them costs more than to make them.
func (e *edit) record(change func() Change) {
	e.changed = true
	if !e.brief {
		e.changes = append(e.changes, change())
	}
}

// changeOf is a change. The old value is nil where the field was not there.
func changeOf(path *field.Path, was, is any, source Source) Change {
	return Change{Path: path.String(), Old: was, New: is, Source: source}
}

// shallowCopy copies of a pod what Mutate may change, and shares the rest: copying whole pods is most of the cost of a
// decision.
func shallowCopy(pod *corev1.Pod) *corev1.Pod {
	c := new(*pod)
	c.Spec.NodeSelector = maps.Clone(pod.Spec.NodeSelector)
	if list := pod.Spec.Tolerations; list != nil { // with room for the taint of a pool
		c.Spec.Tolerations = append(make([]corev1.Toleration, 0, len(list)+1), list...)
	}
	c.Spec.Affinity = pod.Spec.Affinity.DeepCopy()
	c.Spec.SecurityContext = pod.Spec.SecurityContext.DeepCopy()
	c.Spec.InitContainers = copyContainers(pod.Spec.InitContainers)
	c.Spec.Containers = copyContainers(pod.Spec.Containers)
	c.Spec.EphemeralContainers = slices.Clone(pod.Spec.EphemeralContainers)
	for i := range c.Spec.EphemeralContainers {
		common := &c.Spec.EphemeralContainers[i].EphemeralContainerCommon
		common.SecurityContext = common.SecurityContext.DeepCopy()
	}
	return c
}

func copyContainers(list []corev1.Container) []corev1.Container {
	list = slices.Clone(list)
	for i := range list {
		list[i].SecurityContext = list[i].SecurityContext.DeepCopy()
	}
	return list
}

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
