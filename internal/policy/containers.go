package policy

import (
	"iter"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// containerAt is a container and its place in the pod.
type containerAt struct {
	*corev1.Container
	path      *field.Path
	ephemeral bool
}

// containers visits init (sidecars included), regular and ephemeral containers.
func containers(spec *corev1.PodSpec) iter.Seq[containerAt] {
	return func(yield func(containerAt) bool) {
		path := field.NewPath("spec")
		for i := range spec.InitContainers {
			if !yield(containerAt{&spec.InitContainers[i], path.Child("initContainers").Index(i), false}) {
				return
			}
		}
		for i := range spec.Containers {
			if !yield(containerAt{&spec.Containers[i], path.Child("containers").Index(i), false}) {
				return
			}
		}
		for i := range spec.EphemeralContainers {
			// The common part has the same fields in the same order; the API conversion relies on it, too.
			c := (*corev1.Container)(&spec.EphemeralContainers[i].EphemeralContainerCommon)
			if !yield(containerAt{c, path.Child("ephemeralContainers").Index(i), true}) {
				return
			}
		}
	}
}
