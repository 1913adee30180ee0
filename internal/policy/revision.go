package policy

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// A ControllerRevision keeps an earlier pod template of a StatefulSet or DaemonSet. The controllers make pods of it, and
// `kubectl rollout undo` sends it as a patch, with the rights of an administrator.
//
// Revisions of a core workload are written by these controllers, and by those who are trusted with core. Others may hold
// one whole template that all readers understand alike, and that does not claim core. Revisions of other kinds
// (KubeVirt's) may hold anything that does not claim core and cannot hide that it does; they are judged again when that
// owner is taken off. Their data cannot be changed: an update is judged where it changes labels, owners or the number.
const revisionKind = "ControllerRevision"

// revised is the violation of a revision by a user who is not trusted with core.
func (c claim) revised(w Workload, t Template) []Violation {
	if core, ok := w.coreOwner(); ok {
		return []Violation{{
			Field:  field.NewPath("metadata", "ownerReferences"),
			Detail: fmt.Sprintf("makes it a revision of %s, which is Polyaxon's own, which %s is not trusted with", core, c.who()),
			Fix:    fmt.Sprintf("remove it, or have %s write it", c.trusted),
		}}
	}
	found := c.made(t.Pod, t.LabelAt)
	if len(found) == 0 {
		found = c.taken(t.Pod, nil, t.LabelAt)
	}
	why, fix := t.Inexact, `write {"spec": {"template": ...}} with the whole template and "$patch": "replace" in it`
	if isForeign(w.Owners) {
		why, fix = t.Hidden, "leave that out"
	}
	if len(found) > 0 || why == "" {
		return found
	}
	return []Violation{{
		Field: field.NewPath("data"),
		Detail: fmt.Sprintf("%s: what its controller makes of it may claim role %q, which %s is not trusted with",
			why, v1alpha1.RoleCore, c.who()),
		Fix: fmt.Sprintf("%s, or have %s create it", fix, c.trusted),
	}}
}

// revisedByController says whether a revision is written by the StatefulSet or DaemonSet controller, also where they let
// go of it, or orphaned by the garbage collector. A revision that had an owner of another kind was not judged yet:
// anybody can have the garbage collector take off an owner that does not exist.
func (w Workload) revisedByController() bool {
	if w.Kind != revisionKind || w.Old != nil && isForeign(w.Old.Owners) {
		return false
	}
	return w.User.isController("statefulset-controller") || w.User.isController("daemon-set-controller") ||
		w.Old != nil && w.User.isController("generic-garbage-collector")
}

// Remarked says whether an update gives a revision other labels, owners or another number: other controllers may read it
// then, or another one of its owner's.
func (w Workload) Remarked() bool {
	return w.Kind == revisionKind && w.Old != nil && !equality.Semantic.DeepEqual(w.Marks, *w.Old)
}

// isForeign says whether the controller of a revision is neither a StatefulSet nor a DaemonSet, of whatever group: the
// controllers look a revision up by kind, name and uid alone.
func isForeign(owners []metav1.OwnerReference) bool {
	owner := metav1.GetControllerOfNoCopy(&metav1.ObjectMeta{OwnerReferences: owners})
	if owner == nil {
		return false
	}
	return owner.Kind != statefulSet.Kind && owner.Kind != daemonSet.Kind
}

// coreOwner is the core workload that the object names as an owner. The uid is enough: that is what kubectl and older
// controllers go by.
func (w Workload) coreOwner() (CoreWorkload, bool) {
	for _, core := range w.Core {
		if slices.ContainsFunc(w.Owners, func(o metav1.OwnerReference) bool { return o.UID == core.UID }) {
			return core, true
		}
	}
	return CoreWorkload{}, false
}

// vouched says whether the pod's owner is core by its own template. The controllers of StatefulSets make pods of revisions,
// too, which may not be what the template says; a pod that runs may be older than it. Where no cluster is known, nobody
// can say.
func (v View) vouched() bool {
	owner := metav1.GetControllerOfNoCopy(v.Pod)
	if owner == nil || v.Core == nil {
		return true
	}
	kind := schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind).GroupKind()
	if kind != statefulSet && kind != daemonSet && (!v.Running || kind != replicaSet && kind != job) {
		return true
	}
	return slices.ContainsFunc(v.Core, func(w CoreWorkload) bool {
		return w.Kind == kind && w.Name == owner.Name && w.UID == owner.UID
	})
}

// stranger is the violation of a core pod of a workload that is not core.
func (v View) stranger() []Violation {
	owner := metav1.GetControllerOfNoCopy(v.Pod)
	return []Violation{{
		Field: field.NewPath("metadata", "ownerReferences"),
		Detail: fmt.Sprintf("names %s %q, whose own template does not claim role %q: the pod is not from a core workload",
			owner.Kind, short(owner.Name), v1alpha1.RoleCore),
		Fix: fmt.Sprintf("delete the revision that it is made of, if it has one, and the pod, or have %s change the template", v.in.trusted),
	}}
}
