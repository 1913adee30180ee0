package template

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestCreatorOf(t *testing.T) {
	for name, tc := range map[string]struct {
		owner metav1.OwnerReference
		want  string
	}{
		"a Job":            {metav1.OwnerReference{APIVersion: "batch/v1", Kind: "Job", Controller: ptr.To(true)}, "system:serviceaccount:kube-system:job-controller"},
		"no controller":    {metav1.OwnerReference{APIVersion: "batch/v1", Kind: "Job"}, ""},
		"an operator":      {metav1.OwnerReference{APIVersion: "kubeflow.org/v1", Kind: "TFJob", Controller: ptr.To(true)}, ""},
		"a static pod":     {metav1.OwnerReference{APIVersion: "v1", Kind: "Node", Name: "core-1", Controller: ptr.To(true)}, "system:node:core-1"},
		"a Node elsewhere": {metav1.OwnerReference{APIVersion: "example.com/v1", Kind: "Node", Name: "core-1", Controller: ptr.To(true)}, ""},
	} {
		if got := CreatorOf([]metav1.OwnerReference{tc.owner}); got != tc.want {
			t.Errorf("%s: creator %q, want %q", name, got, tc.want)
		}
	}
}

func TestControllerOf(t *testing.T) {
	job := metav1.OwnerReference{APIVersion: "batch/v1", Kind: "Job", Name: "train", UID: "u", Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true)}
	got := ControllerOf(&metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: "Sweep"}, job}})
	if got == nil || *got != (metav1.OwnerReference{APIVersion: "batch/v1", Kind: "Job", Name: "train", UID: "u"}) {
		t.Errorf("got %v", got)
	}
	mirror := metav1.OwnerReference{APIVersion: "v1", Kind: "Node", Name: "core-1", Controller: ptr.To(true)}
	for _, refs := range [][]metav1.OwnerReference{nil, {{Kind: "Sweep"}}, {mirror}} {
		if got := ControllerOf(&metav1.ObjectMeta{OwnerReferences: refs}); got != nil {
			t.Errorf("%v is controlled by %v", refs, got)
		}
	}
}
