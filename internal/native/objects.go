package native

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// HashAnnotation tells on each policy of a twin which text of a PlacementPolicy it was compiled from.
const HashAnnotation = "polymoat.io/policy-hash"

// StaticSuffix ends the names of policies that an API server loads from its own disk. Its API refuses them.
const StaticSuffix = ".static.k8s.io"

// Static is the twin with names for static manifests.
func (t Twin) Static() Twin {
	s := Twin{slices.Clone(t.Mutating), slices.Clone(t.MutatingBindings), slices.Clone(t.Validating), slices.Clone(t.ValidatingBindings)}
	for i := range s.Mutating {
		s.Mutating[i].Name += StaticSuffix
		s.MutatingBindings[i].Name += StaticSuffix
		s.MutatingBindings[i].Spec.PolicyName += StaticSuffix
	}
	for i := range s.Validating {
		s.Validating[i].Name += StaticSuffix
		s.ValidatingBindings[i].Name += StaticSuffix
		s.ValidatingBindings[i].Spec.PolicyName += StaticSuffix
	}
	return s
}

// MutatingObjects are the policies that change pods, each with its binding.
func (t Twin) MutatingObjects() []metav1.Object {
	var list []metav1.Object
	for i := range t.Mutating {
		list = append(list, &t.Mutating[i], &t.MutatingBindings[i])
	}
	return list
}

// ValidatingObjects are the policies that judge, each with its binding.
func (t Twin) ValidatingObjects() []metav1.Object {
	var list []metav1.Object
	for i := range t.Validating {
		list = append(list, &t.Validating[i], &t.ValidatingBindings[i])
	}
	return list
}

// marked is the metadata of an object of the twin.
func (in *installation) marked(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Labels: twinLabels(),
		Annotations: map[string]string{HashAnnotation: in.Hash},
	}
}

func twinLabels() map[string]string {
	return map[string]string{"app.kubernetes.io/name": "polymoat", "app.kubernetes.io/component": "native"}
}
