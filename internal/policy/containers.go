package policy

import (
	"iter"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// containerAt is a container and its place in the pod.
type containerAt struct {
	*corev1.Container
	list      string // of the pod's spec: "initContainers"
	index     int
	ephemeral bool
}

// path is its place in the pod. Most containers are looked at and never spoken of.
func (c containerAt) path() *field.Path { return pathSpec.Child(c.list).Index(c.index) }

// containers visits init (sidecars included), regular and ephemeral containers.
func containers(spec *corev1.PodSpec) iter.Seq[containerAt] {
	return func(yield func(containerAt) bool) {
		for i := range spec.InitContainers {
			if !yield(containerAt{&spec.InitContainers[i], "initContainers", i, false}) {
				return
			}
		}
		for i := range spec.Containers {
			if !yield(containerAt{&spec.Containers[i], "containers", i, false}) {
				return
			}
		}
		for i := range spec.EphemeralContainers {
			// The common part has the same fields in the same order; the API conversion relies on it, too.
			c := (*corev1.Container)(&spec.EphemeralContainers[i].EphemeralContainerCommon)
			if !yield(containerAt{c, "ephemeralContainers", i, true}) {
				return
			}
		}
	}
}
