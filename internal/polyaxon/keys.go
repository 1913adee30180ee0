package polyaxon

import "slices"

// identityLabels are all labels from which a role is read.
var identityLabels = []string{
	labelPartOf, labelComponent, labelName, labelInstance, labelType, labelApp, labelRelease, labelTaskType, labelExperiment,
}

// IsIdentityLabel says whether a pod's role may be read from the label: "app.kubernetes.io/part-of".
func IsIdentityLabel(key string) bool { return slices.Contains(identityLabels, key) }

// IsIdentityAnnotation says whether a pod's role may be read from the annotation: "operation.polyaxon.com/kind".
func IsIdentityAnnotation(key string) bool { return key == annotationKind }
