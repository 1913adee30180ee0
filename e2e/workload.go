package e2e

import (
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Workload is an object that Polyaxon, or its chart, creates, and what must become of its pods.
type Workload struct {
	Name, About string
	// Role is the role of its pods; Pool the node pool that they must be bound to: "plain" for the node without a
	// label, "any" for all.
	Role, Pool string
	// UID is the user that the main container must run as; "image" where the image decides.
	UID string
	// As is who creates the object; empty: whoever installs charts.
	As     string
	Object *unstructured.Unstructured
}

// Workloads are those of testdata/workloads, sorted by name.
func Workloads() ([]Workload, error) {
	documents, err := readDocuments("workloads")
	var workloads []Workload
	for _, d := range documents {
		workloads = append(workloads, Workload{
			Name: d.name, About: d.prose, Object: d.object,
			Role: d.fields["role"], Pool: d.fields["pool"], UID: d.fields["uid"], As: d.fields["as"],
		})
	}
	return workloads, err
}

// controllers are the users that create the pods of each kind.
var controllers = map[string]string{
	"Job":         "system:serviceaccount:kube-system:job-controller",
	"Deployment":  "system:serviceaccount:kube-system:replicaset-controller",
	"StatefulSet": "system:serviceaccount:kube-system:statefulset-controller",
	"DaemonSet":   "system:serviceaccount:kube-system:daemon-set-controller",
}

// Requester is who asks for the pods: the controller of the workload's kind, or the creator of a bare pod.
func (w Workload) Requester() string {
	if controller, ok := controllers[w.Object.GetKind()]; ok {
		return controller
	}
	return w.As
}

// Hardened says whether its pods must meet the restricted standard: runs do, builds apart.
func (w Workload) Hardened() bool {
	return w.Role != v1alpha1.RoleCore && w.Role != v1alpha1.RoleBuilds && w.Role != v1alpha1.RoleOther
}

// Owns says whether a pod is one of the workload's.
func (w Workload) Owns(pod corev1.Pod) bool {
	switch w.Object.GetKind() {
	case "Pod":
		return pod.Name == w.Object.GetName()
	case "Job":
		return pod.Labels["job-name"] == w.Object.GetName()
	}
	selector, _, _ := unstructured.NestedStringMap(w.Object.Object, "spec", "selector", "matchLabels")
	return labels.SelectorFromSet(selector).Matches(labels.Set(pod.Labels))
}

// Pod is a bare pod made of the workload's template, under a name of its own.
func (w Workload) Pod() (*corev1.Pod, error) {
	content := maps.Clone(w.Object.Object)
	if template, found, _ := unstructured.NestedMap(w.Object.Object, "spec", "template"); found {
		content = template
	}
	pod := &corev1.Pod{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, pod); err != nil {
		return nil, err
	}
	pod.Name, pod.Namespace = "bare-"+strings.ReplaceAll(w.Name, ".", "-"), w.Object.GetNamespace()
	return pod, nil
}
