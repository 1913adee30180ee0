package manifest

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/polyaxon"
	"github.com/polymoat/polymoat/internal/template"
)

// Pod is one pod that an object is, or that a controller would make of it.
type Pod struct {
	// Object is where the pod was found.
	Object Object
	// Path is the field of the pod template: "spec.jobTemplate.spec.template". Empty for a Pod itself.
	Path string
	// Pod is the pod as it would be created, before the API server's defaults. Fields that our API version does not
	// know are missing from it.
	Pod *corev1.Pod
	// Raw is the same pod as JSON values, with every field of the file. It is read-only.
	Raw map[string]any
	// Creator is the user that creates the pod: "system:serviceaccount:kube-system:job-controller". Empty for a Pod
	// itself, and for kinds whose operator may run under any name.
	Creator string
	// Owner is the object itself where it is one of Polyaxon's own kinds: what it says counts for its pods.
	Owner *polyaxon.Owner
}

// Pods returns every pod inside an object, in the order of their field paths, as package template finds them. A pod
// with a field of the wrong type is missing; the error names it and is one line for each such pod.
func Pods(o Object) ([]Pod, []error) {
	found, err := template.Of(o.Raw)
	if err != nil {
		return nil, []error{o.Errorf("%w", err)}
	}
	if len(found) == 0 {
		return nil, nil
	}
	// The object's own labels reach the pods of some kinds, its name those of all: they must be well-formed, too.
	meta := new(metav1.PartialObjectMetadata)
	if err := o.check(meta, map[string]any{"metadata": o.Raw["metadata"]}, nil); err != nil {
		return nil, []error{err}
	}
	var pods []Pod
	var errs []error
	for _, t := range found {
		if t.Inexact != "" && o.Kind() == "ControllerRevision" {
			continue // what it holds may be no pod at all
		}
		pod := Pod{Object: o, Path: t.Path(), Raw: t.Raw, Creator: t.Creator, Owner: o.owner(meta), Pod: new(corev1.Pod)}
		if err := o.check(pod.Pod, pod.Raw, t.At); err != nil {
			errs = append(errs, err)
			continue
		}
		pods = append(pods, pod)
	}
	return pods, errs
}

// owner is the object as the owner of its pods; nil where it is not one of Polyaxon's own kinds.
func (o Object) owner(meta *metav1.PartialObjectMetadata) *polyaxon.Owner {
	ref, ok := polyaxon.ReferenceTo(o.APIVersion(), o.Kind(), o.Name())
	if !ok {
		return nil
	}
	return &polyaxon.Owner{Reference: ref, Labels: meta.Labels, Annotations: meta.Annotations}
}

// check decodes raw into typed as the API server would; an error names the field, which stands at this place of the
// object, and its line.
func (o Object) check(typed any, raw map[string]any, at []any) error {
	fault := template.Decode(raw, typed)
	if fault == nil {
		return nil
	}
	path := slices.Concat(at, fault.At)
	return fmt.Errorf("%s: %s %s", o.placeOf(path), template.Path(path), fault.Detail)
}
