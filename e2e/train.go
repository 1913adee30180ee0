package e2e

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Train is the pod of testdata/dryrun: a run as Polyaxon creates it for a job.
func Train() (*corev1.Pod, error) {
	d, err := readDocument("dryrun", "train")
	if err != nil {
		return nil, err
	}
	pod := &corev1.Pod{}
	return pod, runtime.DefaultUnstructuredConverter.FromUnstructured(d.object.Object, pod)
}
