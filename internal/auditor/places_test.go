package auditor

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/audit"
)

// TestPlacesAreTold: a pod that stands where core's do is told once, and no other pod is.
func TestPlacesAreTold(t *testing.T) {
	e := pendingEvents()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: "train", UID: "1"}}
	place := audit.Finding{Kind: audit.PodInCorePlace, Detail: "stands there", Fix: "kubectl go"}
	for range 2 {
		e.tellPlace(pod, &audit.AuditedPod{Findings: []audit.Finding{{Kind: audit.PodRunsAsRoot}, place}})
	}
	e.tellPlace(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "2"}}, &audit.AuditedPod{Findings: []audit.Finding{{Kind: audit.PodMayReach}}})
	e.tellPlace(pod, nil)
	(*Events)(nil).tellPlace(pod, &audit.AuditedPod{Findings: []audit.Finding{place}})
	if len(e.budgets["polyaxon"].waiting) != 1 {
		t.Fatalf("%d are told, want 1", len(e.budgets["polyaxon"].waiting))
	}
	got := <-e.budgets["polyaxon"].waiting
	want := &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: "polyaxon", Name: "train", UID: "1"}
	if diff := cmp.Diff(want, e.about(t.Context(), got)); diff != "" || got.reason != "PolymoatCorePlace" || got.sentence != "stands there; run: kubectl go" {
		t.Errorf("%+v (-want +got):\n%s", got, diff)
	}
}

// TestPlaceWithoutRoom: in a flood of refusals a pod in core's place is counted with each of its changes, and told later.
func TestPlaceWithoutRoom(t *testing.T) {
	e := pendingEvents()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: "train", UID: "1"}}
	for range 3 {
		e.Tell("polyaxon", metav1.OwnerReference{}, "no")
	}
	for range 2 {
		e.tellPlace(pod, &audit.AuditedPod{Findings: []audit.Finding{{Kind: audit.PodInCorePlace}}})
	}
	if got := e.counted(t, eventLimited); got != 2 {
		t.Errorf("%v are limited, want 2", got)
	}
}
