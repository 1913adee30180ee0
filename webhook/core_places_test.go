package webhook

import (
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/audit"
)

// TestPlacesAreTold: a pod that stands where core's do is told once, and no other pod is.
func TestPlacesAreTold(t *testing.T) {
	m := newMetrics(nil)
	e := &events{budgets: map[string]eventBudget{"polyaxon": {rate.NewLimiter(rate.Inf, 1), make(chan untold, 9)}}, outcomes: m.events, log: slog.New(discardLog)}
	p := newPlaces(e)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: "train", UID: "1"}}
	place := audit.Finding{Kind: audit.PodInCorePlace, Detail: "stands there", Fix: "kubectl go"}
	for range 2 {
		p.tell(pod, &audit.Resident{Findings: []audit.Finding{{Kind: audit.PodRunsAsRoot}, place}})
	}
	p.tell(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "2"}}, &audit.Resident{Findings: []audit.Finding{{Kind: audit.PodMayReach}}})
	p.tell(pod, nil)
	(*places)(nil).tell(pod, &audit.Resident{Findings: []audit.Finding{place}})
	newPlaces(nil).tell(pod, &audit.Resident{Findings: []audit.Finding{place}})
	if len(e.budgets["polyaxon"].waiting) != 1 {
		t.Fatalf("%d are told, want 1", len(e.budgets["polyaxon"].waiting))
	}
	got := <-e.budgets["polyaxon"].waiting
	want := &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: "polyaxon", Name: "train", UID: "1"}
	if diff := cmp.Diff(want, e.about(t.Context(), got)); diff != "" || got.reason != "PolymoatCorePlace" || got.sentence != "stands there; run: kubectl go" {
		t.Errorf("%+v (-want +got):\n%s", got, diff)
	}
}
