package webhook

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"slices"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/override"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/polyaxon"
	"github.com/polymoat/polymoat/internal/template"
	"github.com/polymoat/polymoat/webhook/serve"
)

// workloads judges the pod templates of any object, of any kind and version: they are told by their shape.
func (d *decider) workloads(ctx context.Context, r *request) (outcome, *serve.Fault) {
	if judged, f := r.judged(); !judged || !d.policy.Governs(r.Namespace) {
		return untouched, f
	}
	r.decodeValues()
	w, f := r.workload()
	if f != nil {
		return outcome{}, f
	}
	d.gather(r, &w)
	decision := d.policy.ValidateWorkload(w)
	if decision.ClaimsCore() {
		if w.Trust, f = d.trust(ctx, r); f != nil {
			return outcome{}, f
		}
		decision = d.policy.ValidateWorkload(w)
	}
	return d.answer(decision, r)
}

// workload is the object with the pod templates that the request adds or changes.
func (r *request) workload() (policy.Workload, *serve.Fault) {
	switch {
	case r.undecoded != nil:
		return policy.Workload{}, undecodable(r.undecoded)
	case r.values == nil:
		return policy.Workload{}, badReview("object", "request.object is missing")
	case r.oldValues == nil && r.Operation == admissionv1.Update:
		return policy.Workload{}, badReview("object", "request.oldObject is missing")
	}
	kind, _ := r.values["kind"].(string)
	if kind == "Pod" {
		return policy.Workload{}, badReview("object", "request.object is a pod; have /validate judge it")
	}
	w := policy.Workload{
		Namespace: r.Namespace, User: r.user(),
		Resource: schema.GroupResource{Group: r.Resource.Group, Resource: r.resource()}, Kind: kind,
	}
	var f *serve.Fault
	if w.Marks, f = marks(r.values); f != nil {
		return policy.Workload{}, f
	}
	if r.Operation == admissionv1.Update {
		// Marks that do not decode are none: then the new ones are judged by themselves.
		old, _ := marks(r.oldValues)
		w.Old = &old
	}
	if w.Resource.Group == policy.GroupAPI {
		w.Classes = added(classes(r.values["spec"], "spec"), classes(r.oldValues["spec"], "spec"))
	}
	w.Templates, f = r.templates(w)
	return w, f
}

// marks are the metadata of an object that count.
func marks(object map[string]any) (policy.Marks, *serve.Fault) {
	meta := metav1.PartialObjectMetadata{}
	f := decodeAt(nil, map[string]any{"metadata": object["metadata"]}, &meta)
	revision, _ := object["revision"].(int64) // of a ControllerRevision, whose schema says so
	return policy.Marks{Owners: meta.OwnerReferences, Labels: meta.Labels, Revision: revision}, f
}

// templates are the pod templates that the request adds or changes.
func (r *request) templates(w policy.Workload) ([]policy.Template, *serve.Fault) {
	// An old object that cannot be judged was never granted anything: the new one is judged by itself.
	olds, _ := template.Of(r.oldValues)
	before := map[string]template.Pod{}
	for _, t := range olds {
		before[t.Path()] = t
	}
	news, err := template.Of(r.values)
	if err != nil {
		return nil, badReview("object", "request.object %v", err)
	}
	var changed []policy.Template
	asksTheSame := !w.Remarked() && (r.owner() == nil || reflect.DeepEqual(overridesOf(r.oldValues), overridesOf(r.values)))
	for _, t := range news {
		old, was := before[t.Path()]
		if was && asksTheSame && reflect.DeepEqual(old.Raw, t.Raw) {
			continue
		}
		pod := policy.Template{At: pathOf(t.At), Pod: &corev1.Pod{}, Inexact: t.Inexact, Hidden: t.Hidden, Creator: policy.UserNamed(t.Creator)}
		pod.LabelAt = func(key string) *field.Path { return labelPath(t, key) }
		if f := decodeAt(t.At, t.Raw, pod.Pod); f != nil {
			return nil, f
		}
		if was {
			pod.Old = &corev1.Pod{}
			if f := decodeAt(t.At, old.Raw, pod.Old); f != nil {
				pod.Old = nil // it was never one: the new one is judged by itself
			}
		}
		changed = append(changed, pod)
	}
	return changed, nil
}

// decodeAt decodes values at a place of the object as the API server would. A field of the wrong type is its author's mistake,
// and is said as the plugin says it.
func decodeAt(at []any, values map[string]any, into any) *serve.Fault {
	wrong := template.Decode(values, into)
	if wrong == nil {
		return nil
	}
	return serve.NewFault(http.StatusUnprocessableEntity, "object", "%s %s", template.Path(slices.Concat(at, wrong.At)), wrong.Detail)
}

// labelPath is where a label of the pod stands; its labels where there is no key.
func labelPath(t template.Pod, key string) *field.Path {
	labels := pathOf(t.LabelsAt(key))
	if key == "" {
		return labels
	}
	return labels.Key(key)
}

// pathOf is a place in an object; its spec for the object itself.
func pathOf(at []any) *field.Path {
	if len(at) == 0 {
		return field.NewPath("spec")
	}
	var path *field.Path
	for _, step := range at {
		switch step := step.(type) {
		case int:
			path = path.Index(step)
		case string:
			path = path.Child(step)
		}
	}
	return path
}

// owner is the object as the owner of its pods; nil where it is not one of Polyaxon's own kinds.
func (r *request) owner() *polyaxon.Owner {
	o := unstructured.Unstructured{Object: r.values}
	ref, ok := polyaxon.ReferenceTo(o.GetAPIVersion(), o.GetKind(), cmp.Or(o.GetName(), o.GetGenerateName()))
	if !ok {
		return nil
	}
	return &polyaxon.Owner{Reference: ref, Labels: o.GetLabels(), Annotations: o.GetAnnotations()}
}

// overridesOf are the overrides in an object's own metadata, which count for its pods even where they do not reach them.
func overridesOf(object map[string]any) map[string]any {
	found := map[string]any{}
	for _, part := range []string{"annotations", "labels"} {
		values, _, _ := unstructured.NestedMap(object, "metadata", part)
		for key, value := range values {
			if override.IsKey(key) {
				found[part+"/"+key] = value
			}
		}
	}
	return found
}
