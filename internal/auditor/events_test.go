package auditor

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/record"
)

// pendingEvents has room for two of one namespace, and three may be told. Nobody empties the queue.
func pendingEvents() *Events {
	e := NewEvents(nil, nil, nil, slog.New(slog.DiscardHandler))
	e.budgets["polyaxon"] = eventBudget{rate.NewLimiter(0, 3), make(chan pendingEvent, 2)}
	return e
}

// counted is how many events had an outcome.
func (e *Events) counted(t *testing.T, outcome string) float64 {
	t.Helper()
	return value(t, e.outcomes.WithLabelValues(outcome))
}

// value is that of a counter or a gauge.
func value(t *testing.T, of prometheus.Metric) float64 {
	t.Helper()
	var m dto.Metric
	if err := of.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue() + m.GetGauge().GetValue()
}

// TestTooManyToTell: what there is no room for is counted, and holds up nobody.
func TestTooManyToTell(t *testing.T) {
	e := pendingEvents()
	for range 5 {
		e.Tell("polyaxon", metav1.OwnerReference{Kind: "Job"}, "no")
	}
	e.Tell("default", metav1.OwnerReference{Kind: "Job"}, "not governed")
	for outcome, want := range map[string]float64{eventOverflowed: 1, eventLimited: 2} {
		if got := e.counted(t, outcome); got != want {
			t.Errorf("%v are %s, want %v", got, outcome, want)
		}
	}
	if got := len(e.budgets["polyaxon"].waiting); got != 2 {
		t.Errorf("%d wait, want 2", got)
	}
}

func TestClipped(t *testing.T) {
	for _, sentence := range []string{"short", strings.Repeat("x", longestMessage)} {
		if got := clipped(sentence); got != sentence {
			t.Errorf("%d bytes became %d", len(sentence), len(got))
		}
	}
	got := clipped(strings.Repeat("€", longestMessage))
	if len(got) > longestMessage || !utf8.ValidString(got) || !strings.HasSuffix(got, "€ ...") {
		t.Errorf("%d bytes: %q", len(got), got[len(got)-10:])
	}
}

// TestTellsItself: controllers of Kubernetes write FailedCreate, with the sentence, on what they control.
func TestTellsItself(t *testing.T) {
	for owner, want := range map[metav1.OwnerReference]bool{
		{APIVersion: "batch/v1", Kind: "Job"}:                   true,
		{APIVersion: "apps/v1", Kind: "ReplicaSet"}:             true,
		{APIVersion: "v1", Kind: "ReplicationController"}:       true,
		{APIVersion: "polyaxon.com/v1", Kind: "Job"}:            false,
		{APIVersion: "core.polyaxon.com/v1", Kind: "Operation"}: false,
		{APIVersion: "apps/v1", Kind: "Deployment"}:             false,
	} {
		if got := tellsItself(owner); got != want {
			t.Errorf("%s %s: %v", owner.APIVersion, owner.Kind, got)
		}
	}
}

// lostAnswers is an API server whose first answer gets lost: to an event that it wrote, or before it wrote one.
type lostAnswers struct {
	record.EventSink
	wrote, asked bool
}

func (s *lostAnswers) Create(event *corev1.Event) (*corev1.Event, error) {
	switch {
	case !s.asked:
		s.asked = true
		return nil, errors.New("connection reset by peer")
	case s.wrote:
		return nil, apierrors.NewAlreadyExists(schema.GroupResource{Resource: "events"}, event.Name)
	}
	return event, nil
}

// TestToldOnce: client-go's broadcaster tries an event again until it has an answer. It is told and counted once.
func TestToldOnce(t *testing.T) {
	for name, wrote := range map[string]bool{"written before the answer was lost": true, "not written": false} {
		t.Run(name, func(t *testing.T) {
			e := pendingEvents()
			broadcaster := record.NewBroadcaster(record.WithContext(t.Context()), record.WithSleepDuration(time.Millisecond))
			broadcaster.StartRecordingToSink(&countingSink{&lostAnswers{wrote: wrote}, e.outcomes})
			about := &corev1.ObjectReference{Kind: "Operation", Namespace: "polyaxon", Name: "train"}
			broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{}).Event(about, corev1.EventTypeWarning, refusedReason, "no")
			eventually(t, "an outcome", func() bool { return e.counted(t, eventCreated)+e.counted(t, eventFailed) > 0 })
			time.Sleep(50 * time.Millisecond)
			if created, failed := e.counted(t, eventCreated), e.counted(t, eventFailed); created != 1 || failed != 0 {
				t.Errorf("%v are created and %v failed, want 1 and 0", created, failed)
			}
		})
	}
}
