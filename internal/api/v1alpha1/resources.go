package v1alpha1

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// IsExtended says whether a resource is one that device plugins bring, such as nvidia.com/gpu, and none of Kubernetes' own.
func IsExtended(name corev1.ResourceName) bool {
	domain, _, found := strings.Cut(string(name), "/")
	return found && !strings.HasSuffix(domain, "kubernetes.io") && !strings.HasPrefix(domain, corev1.DefaultResourceRequestsPrefix)
}

// validateResources accepts names of extended resources.
func validateResources(names []string, path *field.Path) field.ErrorList {
	return each(names, path, func(name string, at *field.Path) field.ErrorList {
		if !IsExtended(corev1.ResourceName(name)) || len(validation.IsQualifiedName(name)) > 0 {
			return field.ErrorList{invalid(at, name, `is not an extended resource; write its full name: "nvidia.com/gpu"`)}
		}
		return nil
	})
}
