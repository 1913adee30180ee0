package auditor

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/audit"
)

// placeReason is the reason of an event on a pod that stands in core's place.
const placeReason = "PolymoatCorePlace"

// How often such a pod is told of again, and of how many that is known.
const (
	placeInterval = time.Hour
	mostPlaces    = 1024
)

// tellPlace has a pod that stands where core's do told, if the audit found that, so that `kubectl describe` of it says why it
// has to go.
func (e *Events) tellPlace(pod *corev1.Pod, r *audit.AuditedPod) {
	if e == nil || r == nil {
		return
	}
	i := slices.IndexFunc(r.Findings, func(f audit.Finding) bool { return f.Kind == audit.PodInCorePlace })
	if _, told := e.places.Get(pod.UID); told || i < 0 {
		return
	}
	about := &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID}
	sentence := fmt.Sprintf("%s; run: %s", r.Findings[i].Detail, r.Findings[i].Fix)
	if e.put(pendingEvent{namespace: pod.Namespace, about: about, reason: placeReason, sentence: sentence}) {
		e.places.Add(pod.UID, true, placeInterval)
	}
}
