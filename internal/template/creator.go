package template

import (
	"bytes"
	"encoding/json"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CreatorOf is the user that created a live pod: the one under which its controller runs. It is empty for a pod that
// nothing owns, and for those of operators, which may run under any name. A pod whose owner is a node is the mirror of a
// static pod, which its kubelet created.
func CreatorOf(owners []metav1.OwnerReference) string {
	owner := metav1.GetControllerOfNoCopy(&metav1.ObjectMeta{OwnerReferences: owners})
	switch {
	case owner == nil:
		return ""
	case owner.APIVersion == "v1" && owner.Kind == "Node":
		return nodeUser + owner.Name
	}
	return CreatorFor(owner.APIVersion, owner.Kind)
}

// ControllerOf is the reference to what controls an object, without what says how the two end; nil for none. The mirror of
// a static pod is not part of its node.
func ControllerOf(object metav1.Object) *metav1.OwnerReference {
	ref := metav1.GetControllerOfNoCopy(object)
	if ref == nil || ref.APIVersion == "v1" && ref.Kind == "Node" {
		return nil
	}
	return &metav1.OwnerReference{APIVersion: ref.APIVersion, Kind: ref.Kind, Name: ref.Name, UID: ref.UID}
}

// RunsEverywhere says whether a live pod is on core's nodes by its nature: one of a DaemonSet, a static pod, or polymoat
// itself.
func RunsEverywhere(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOfNoCopy(pod)
	return owner != nil && (owner.Kind == "DaemonSet" || owner.Kind == "Node") || pod.Labels["app.kubernetes.io/name"] == "polymoat"
}

// NamedByItsController says whether the pod could have been made by the built-in controller that it belongs to: all of
// them name a pod after the owner. It is true for a pod of no such owner. A pod that was adopted keeps its name.
func NamedByItsController(pod *corev1.Pod) bool {
	owner := ControllerOf(pod)
	if owner == nil || CreatorFor(owner.APIVersion, owner.Kind) == "" {
		return true
	}
	const longest = 40 // long names are cut before something is added
	begins := owner.Name + "-"
	return strings.HasPrefix(pod.Name, begins[:min(len(begins), longest)])
}

// nodeUser begins the user names of kubelets.
const nodeUser = "system:node:"

// NamedItsNode says whether spec.nodeName was written by whoever created the pod. A scheduler writes it with a Binding,
// which leaves no trace in managedFields; a creator owns the field there.
func NamedItsNode(entries []metav1.ManagedFieldsEntry) bool {
	for _, entry := range entries {
		if entry.FieldsV1 == nil || entry.Subresource != "" {
			continue
		}
		raw := entry.FieldsV1.GetRawBytes()
		if !bytes.Contains(raw, []byte(`"f:nodeName"`)) {
			continue // most pods: nothing needs to be parsed
		}
		var fields struct {
			Spec struct {
				NodeName *struct{} `json:"f:nodeName"`
			} `json:"f:spec"`
		}
		if json.Unmarshal(raw, &fields) == nil && fields.Spec.NodeName != nil {
			return true
		}
	}
	return false
}
