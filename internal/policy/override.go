package policy

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// overridePrefix is the domain of the annotations and labels that ask for something else than the role's placement.
const overridePrefix = "polymoat.io/"

// unknownOverrides are annotations and labels in our domain. None is honoured yet, and one that is not understood is
// refused rather than ignored: its author relies on it.
func unknownOverrides(pod *corev1.Pod) field.ErrorList {
	var errs field.ErrorList
	metadata := field.NewPath("metadata")
	for _, in := range []struct {
		path   *field.Path
		values map[string]string
	}{{metadata.Child("annotations"), pod.Annotations}, {metadata.Child("labels"), pod.Labels}} {
		for _, key := range slices.Sorted(maps.Keys(in.values)) {
			if strings.HasPrefix(key, overridePrefix) {
				errs = append(errs, field.Invalid(in.path.Key(key), short(in.values[key]),
					"not an override that this version knows; remove it and ask with spec.nodeSelector"))
			}
		}
	}
	return errs
}
