package auditor

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/record"
)

// countingSink counts what is written.
type countingSink struct {
	record.EventSink
	outcomes *prometheus.CounterVec
}

// Create writes an event that is new.
func (s *countingSink) Create(event *corev1.Event) (*corev1.Event, error) {
	written, err := s.EventSink.Create(event)
	s.count(eventCreated, err)
	return written, err
}

// Patch counts an event once more.
func (s *countingSink) Patch(event *corev1.Event, data []byte) (*corev1.Event, error) {
	written, err := s.EventSink.Patch(event, data)
	if !apierrors.IsNotFound(err) { // it has expired, and is created again
		s.count(eventCounted, err)
	}
	return written, err
}

// count counts an answer. Where there is none the broadcaster tries again, under the same name: if the event is there
// already, it was written by an attempt whose answer got lost. A patch sets the count, and may come twice as well.
func (s *countingSink) count(outcome string, err error) {
	if _, answered := errors.AsType[*apierrors.StatusError](err); err != nil && !answered {
		return
	}
	if err != nil && !apierrors.IsAlreadyExists(err) {
		outcome = eventFailed
	}
	s.outcomes.WithLabelValues(outcome).Inc()
}
