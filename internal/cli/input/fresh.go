package input

import (
	"maps"

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
		if !template.NamedItsNode(fields) {
			delete(spec, "nodeName")
		}
		pod["spec"] = spec
	}
	return pod
}
