package polyaxon

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

const (
	annotationOwner   = "operation.polyaxon.com/owner"
	annotationProject = "operation.polyaxon.com/project"
	labelProject      = "project_name"
)

// Project says whose run the pod is, and of which project, for people: "jane", "mnist". It is empty where the pod does
// not say: pods of runs carry it in 0.x, in the first 1.1 and since operator 1.9.
func Project(pod *corev1.Pod) (owner, project string) {
	owner, project = pod.Annotations[annotationOwner], pod.Annotations[annotationProject]
	if owner != "" || project != "" {
		return owner, project
	}
	// 0.x: "jane.mnist"
	if owner, project, ok := strings.Cut(pod.Labels[labelProject], "."); ok {
		return owner, project
	}
	// 1.1.0 to 1.1.6: "jane.mnist.runs.4f1c"
	if run, _, ok := strings.Cut(pod.Labels[labelInstance], ".runs."); ok {
		owner, project, _ = strings.Cut(run, ".")
		return owner, project
	}
	return "", ""
}
