package policy

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Marks are what others take a workload for their own by.
type Marks struct {
	Owners []metav1.OwnerReference // a ReplicaSet's is its Deployment
	Labels map[string]string       // the workload's own, not those of its pods
	// Revision is the place of a ControllerRevision in the history of its owner: the controller goes on from the highest.
	Revision int64
}

// The labels of a workload itself are a claim like those of a pod. A Deployment adopts every ReplicaSet whose labels it
// selects, and `kubectl rollout undo` makes its template the Deployment's.

// labelled are the violations of what the labels of a workload claim and did not claim before.
func (c claim) labelled(w Workload) []Violation {
	if w.Old == nil {
		return c.claims(bearing(w.Labels), nil)
	}
	return c.claims(bearing(w.Labels), bearing(w.Old.Labels))
}

// bearing is a pod that has nothing but labels.
func bearing(own map[string]string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: own}}
}

// takenOff are warnings about claims of core that an update ends.
func (in *installation) takenOff(w Workload) []string {
	var list []string
	note := func(at *field.Path, old, pod *corev1.Pod) {
		if id := in.coreIdentity(old); id.Role != "" && !in.isCore(pod) {
			list = append(list, fmt.Sprintf("%s no longer claims role %q, as it did by %s; put that back unless Polyaxon is to lose it", at, v1alpha1.RoleCore, id.Why))
		}
	}
	if w.Old != nil {
		note(labelAt(""), bearing(w.Old.Labels), bearing(w.Labels))
	}
	for _, t := range w.Templates {
		if t.Old != nil {
			note(t.At, t.Old, t.Pod)
		}
	}
	return list
}
