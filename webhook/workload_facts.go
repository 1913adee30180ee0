package webhook

import (
	"cmp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// gather adds what the policy needs to know of the pods that the workload will make.
func (d *decider) gather(r *request, w *policy.Workload) {
	w.Today, w.Core = d.today(), d.core(w.Namespace)
	own := r.owner()
	for i := range w.Templates {
		t := &w.Templates[i]
		t.Owner, t.Node = own, d.node(t.Pod.Spec.NodeName)
		// Nobody is kept waiting for an answer that decides nothing: the pod's own review asks again.
		if own == nil && d.owners != nil && d.policy.NeedsOwner(policy.Request{Namespace: w.Namespace, Pod: t.Pod}) {
			t.Owner = d.owners.Known(w.Namespace, t.Pod)
		}
		if d.nodes != nil && d.nodes.Synced() {
			t.Nodes = d.nodes.Groups
		}
	}
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
			if policy.IsOverrideKey(key) {
				found[part+"/"+key] = value
			}
		}
	}
	return found
}
