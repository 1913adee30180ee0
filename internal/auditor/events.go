package auditor

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilcache "k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"

	"github.com/polymoat/polymoat/internal/cluster"
)

// How many refusals of one namespace a replica makes events of: never more than 120 in any minute. A new event and one that
// counts once more both cost etcd a write.
const (
	eventsPerSecond = 1
	eventsAtOnce    = 60
	mostPending     = 64 // refusals of one namespace that wait for the API server
)

// refusedReason is the reason of an event about a refusal.
const refusedReason = "PolymoatRefused"

// longestMessage is what events.k8s.io takes, in bytes.
const longestMessage = 1024

// What becomes of a refusal of which an owner is to be told, as polymoat_events_total has it. A refusal is told once at most,
// and counted once at most. client-go leaves events out that are not counted: over its own limit for one object, while its
// queue is full, and after twelve attempts without an answer. There may be more outcomes than refusals: a pod in core's place
// has one as well, and is counted as limited with each of its changes until there is room.
const (
	eventCreated    = "created"
	eventCounted    = "counted"    // an event that was there counts one more
	eventTold       = "told"       // by the controller itself
	eventOwnerless  = "ownerless"  // the owner is not there, or cannot be read
	eventLimited    = "limited"    // there were too many
	eventOverflowed = "overflowed" // the API server is too slow
	eventFailed     = "failed"     // the API server does not take it
)

// Events tell the owner that a user looks at, the Operation or the Deployment, that a pod of it was refused. An answer
// waits for none of it: what is to be told is put aside.
type Events struct {
	client      kubernetes.Interface
	controllers *cluster.Controllers
	budgets     map[string]eventBudget    // by governed namespace
	places      *utilcache.LRUExpireCache // by UID, the pods in core's place that were told of it
	outcomes    *prometheus.CounterVec
	log         *slog.Logger
}

// eventBudget is what one namespace may spend: others have their own.
type eventBudget struct {
	limiter *rate.Limiter
	waiting chan pendingEvent
}

// pendingEvent is what an event is to be made of: a refusal, of which the pod's owner is told, or what is wrong with a pod itself.
type pendingEvent struct {
	namespace string
	owner     metav1.OwnerReference   // of the pod
	about     *corev1.ObjectReference // the pod; nil where the owner is told
	reason    string                  // empty for a refusal
	sentence  string
}

// NewEvents prepares to tell owners in some namespaces.
func NewEvents(client kubernetes.Interface, namespaces []string, controllers *cluster.Controllers, log *slog.Logger) *Events {
	e := &Events{client: client, controllers: controllers, budgets: map[string]eventBudget{}, places: utilcache.NewLRUExpireCache(mostPlaces), log: log}
	e.outcomes = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "polymoat_events_total",
		Help: "Refusals of new pods that have an owner, and pods that stand where core's do, by what became of the event. Outcomes: created; counted by one that was there; told by the built-in controller itself. Not sent: ownerless, no owner can be read; limited, too many in the namespace; overflowed, the API server is slow; failed, it takes none.",
	}, []string{"outcome"})
	for _, namespace := range namespaces {
		e.budgets[namespace] = eventBudget{rate.NewLimiter(eventsPerSecond, eventsAtOnce), make(chan pendingEvent, mostPending)}
	}
	return e
}

// Describe names what is counted of events.
func (e *Events) Describe(out chan<- *prometheus.Desc) { e.outcomes.Describe(out) }

// Collect tells what became of the events.
func (e *Events) Collect(out chan<- prometheus.Metric) { e.outcomes.Collect(out) }

// Tell has the owner of a pod told, as template.ControllerOf returns it, in a sentence. It waits for nothing.
func (e *Events) Tell(namespace string, owner metav1.OwnerReference, sentence string) {
	e.put(pendingEvent{namespace: namespace, owner: owner, sentence: sentence})
}

// put puts aside what is to be told. It is false where that is too much for the namespace.
func (e *Events) put(u pendingEvent) bool {
	budget, governed := e.budgets[u.namespace]
	if !governed {
		return false
	}
	if !budget.limiter.Allow() {
		e.count(eventLimited)
		return false
	}
	select {
	case budget.waiting <- u:
		return true
	default:
		e.count(eventOverflowed)
		return false
	}
}

// NeedLeaderElection is false: each replica tells what it refused itself.
func (e *Events) NeedLeaderElection() bool { return false }

// Start writes events until the context is done.
func (e *Events) Start(ctx context.Context) error {
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&countingSink{&typedcorev1.EventSinkImpl{Interface: e.client.CoreV1().Events("")}, e.outcomes})
	recorder := broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "polymoat"})
	var group sync.WaitGroup
	for _, budget := range e.budgets {
		group.Go(func() { e.record(ctx, budget.waiting, recorder) })
	}
	group.Wait()
	return nil
}

// record writes the events of one namespace: whoever has owners looked up holds up no other.
func (e *Events) record(ctx context.Context, waiting <-chan pendingEvent, recorder record.EventRecorder) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-waiting:
			if about := e.about(ctx, r); about != nil {
				recorder.Event(about, corev1.EventTypeWarning, cmp.Or(r.reason, refusedReason), clipped(r.sentence))
			}
		}
	}
}

// about is what an event is about: what stands above the pod at the top, as far as it can be read. It is nil where that is
// told already, and where nothing was read: somebody may have made it up.
func (e *Events) about(ctx context.Context, r pendingEvent) *corev1.ObjectReference {
	if r.about != nil {
		return r.about
	}
	top, err := e.controllers.TopRead(ctx, r.namespace, r.owner)
	if err != nil {
		e.log.Warn("the owner of a refused pod is not known", "error", err)
	}
	if err != nil || top == nil {
		e.count(eventOwnerless)
		return nil
	}
	if *top == r.owner && tellsItself(*top) {
		e.count(eventTold)
		return nil
	}
	return &corev1.ObjectReference{APIVersion: top.APIVersion, Kind: top.Kind, Namespace: r.namespace, Name: top.Name, UID: top.UID}
}

// tellsItself says whether the controller writes an event of its own, FailedCreate, with the sentence.
func tellsItself(o metav1.OwnerReference) bool {
	return slices.Contains([]string{"apps/v1/ReplicaSet", "apps/v1/StatefulSet", "apps/v1/DaemonSet", "batch/v1/Job", "v1/ReplicationController"},
		fmt.Sprintf("%s/%s", o.APIVersion, o.Kind))
}

func (e *Events) count(outcome string) { e.outcomes.WithLabelValues(outcome).Inc() }

// clipped is a sentence that fits into an event.
func clipped(sentence string) string {
	if len(sentence) <= longestMessage {
		return sentence
	}
	const end = " ..."
	return strings.ToValidUTF8(sentence[:longestMessage-len(end)], "") + end
}
