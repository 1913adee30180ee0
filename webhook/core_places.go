package webhook

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	utilcache "k8s.io/apimachinery/pkg/util/cache"

	"github.com/polymoat/polymoat/internal/audit"
)

// placeReason is the reason of an event on a pod that stands in core's place.
const placeReason = "PolymoatCorePlace"

// How often such a pod is told of again, and of how many that is known.
const (
	placeInterval = time.Hour
	mostPlaces    = 1024
)

// places tell pods that stand where core's do, so that `kubectl describe` of one says why it has to go.
type places struct {
	events *events
	told   *utilcache.LRUExpireCache // of true, by UID
}

func newPlaces(e *events) *places { return &places{e, utilcache.NewLRUExpireCache(mostPlaces)} }

// tell makes an event of the finding, if the audit has one.
func (p *places) tell(pod *corev1.Pod, r *audit.Resident) {
	if p == nil || p.events == nil || r == nil {
		return
	}
	for _, f := range r.Findings {
		if f.Kind == audit.PodInCorePlace {
			p.add(pod, fmt.Sprintf("%s; run: %s", f.Detail, f.Fix))
		}
	}
}

func (p *places) add(pod *corev1.Pod, sentence string) {
	if _, told := p.told.Get(pod.UID); told {
		return
	}
	about := &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID}
	if p.events.put(untold{namespace: pod.Namespace, about: about, reason: placeReason, sentence: sentence}) {
		p.told.Add(pod.UID, true, placeInterval)
	}
}
