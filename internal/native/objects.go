package native

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// HashAnnotation tells on each object of a twin what all of it is: the first 12 hexadecimal digits of the SHA-256 of what
// was compiled of one PlacementPolicy. The same policy in another text has the same.
const HashAnnotation = "polymoat.io/twin-hash"

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
func marked(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Labels: twinLabels(),
	}
}

// seal writes the hash on every object.
func (t Twin) seal() {
	text, err := json.Marshal(t)
	if err != nil {
		panic(err) // Kubernetes' own types can be written
	}
	sum := sha256.Sum256(text)
	for _, o := range append(t.MutatingObjects(), t.ValidatingObjects()...) {
		o.SetAnnotations(map[string]string{HashAnnotation: hex.EncodeToString(sum[:])[:12]})
	}
}

func twinLabels() map[string]string {
	return map[string]string{"app.kubernetes.io/name": "polymoat", "app.kubernetes.io/component": "native"}
}
