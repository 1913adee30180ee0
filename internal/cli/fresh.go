package cli

import (
	"encoding/json"
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/polymoat/polymoat/internal/template"
)

// A live pod is judged as if it were created anew. What the cluster wrote into it after its creation is left out then:
// what it reports, the node that the scheduler chose, and containers for debugging, which come by an update. What
// admission filled in stays, because a new pod gets it before polymoat sees it: tolerations of nodes that are not ready,
// the volume of the service account's token, a priority. And so does what polymoat itself filled in: a pod that is
// placed well is left as it is.

// serverMetadata are the fields of metadata that no creator writes.
var serverMetadata = []string{
	"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
	"managedFields", "selfLink",
}

// fresh is a live pod as it was created, as JSON values. It shares memory with the pod, which it leaves alone.
func fresh(pod map[string]any) map[string]any {
	pod = maps.Clone(pod)
	delete(pod, "status")
	fields := (&unstructured.Unstructured{Object: pod}).GetManagedFields()
	if metadata, ok := pod["metadata"].(map[string]any); ok {
		metadata = maps.Clone(metadata)
		for _, field := range serverMetadata {
			delete(metadata, field)
		}
		pod["metadata"] = metadata
	}
	if spec, ok := pod["spec"].(map[string]any); ok {
		spec = maps.Clone(spec)
		delete(spec, "ephemeralContainers")
		if !namedItsNode(fields) {
			delete(spec, "nodeName")
		}
		pod["spec"] = spec
	}
	return pod
}

// namedItsNode says whether spec.nodeName was written by whoever created the pod. A scheduler writes it with a Binding,
// which leaves no trace in managedFields; a creator owns the field there.
func namedItsNode(entries []metav1.ManagedFieldsEntry) bool {
	for _, entry := range entries {
		if entry.FieldsV1 == nil || entry.Subresource != "" {
			continue
		}
		var fields struct {
			Spec struct {
				NodeName *struct{} `json:"f:nodeName"`
			} `json:"f:spec"`
		}
		if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) == nil && fields.Spec.NodeName != nil {
			return true
		}
	}
	return false
}

// creatorOf is the user that created a live pod: the one under which its controller runs. It is empty for a pod that
// nothing owns, and for those of operators, which may run under any name. A pod whose owner is a node is the mirror of a
// static pod, which its kubelet created.
func creatorOf(owners []metav1.OwnerReference) string {
	owner := metav1.GetControllerOfNoCopy(&metav1.ObjectMeta{OwnerReferences: owners})
	switch {
	case owner == nil:
		return ""
	case owner.APIVersion == "v1" && owner.Kind == "Node":
		return nodeUser + owner.Name
	}
	return template.CreatorFor(owner.APIVersion, owner.Kind)
}

// nodeUser begins the user names of kubelets.
const nodeUser = "system:node:"
