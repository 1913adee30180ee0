package webhook

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"

	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/template"
)

// How many refusals a replica makes events of: never more than 120 in any minute, whoever is refused how often. A new
// event and one that counts once more both cost etcd a write.
const (
	eventsPerSecond = 1
	eventsAtOnce    = 60
	mostUntold      = 256 // refusals that wait for the API server
)

// refusedReason is the reason of an event about a refusal.
const refusedReason = "PolymoatRefused"

// longestMessage is what events.k8s.io takes, in bytes.
const longestMessage = 1024

// What becomes of a refusal of which an owner is to be told, as polymoat_events_total has it.
const (
	eventCreated    = "created"
	eventCounted    = "counted"    // an event that was there counts one more
	eventTold       = "told"       // by the controller itself
	eventOwnerless  = "ownerless"  // the owner is not there
	eventLimited    = "limited"    // there were too many
	eventOverflowed = "overflowed" // the API server is too slow
	eventFailed     = "failed"     // the API server does not take it
)

// events tell the owner that a user looks at, the Operation or the Deployment, that a pod of it was refused. An answer
// waits for none of it: what is to be told is put aside.
type events struct {
	sink        record.EventSink
	controllers *cluster.Controllers
	limiter     *rate.Limiter
	waiting     chan untold
	outcomes    *prometheus.CounterVec
	log         *slog.Logger
}

// untold is what an event is to be made of: a refusal, of which the pod's owner is told, or what is wrong with a pod itself.
type untold struct {
	namespace string
	owner     metav1.OwnerReference   // of the pod
	about     *corev1.ObjectReference // the pod; nil where the owner is told
	reason    string                  // empty for a refusal
	sentence  string
}

func newEvents(kubeconfig string, controllers *cluster.Controllers, m *metrics, log *slog.Logger) (*events, error) {
	client, err := cluster.Connect(kubeconfig)
	if err != nil {
		return nil, err
	}
	return &events{
		sink: &countingSink{&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")}, m.events}, controllers: controllers,
		limiter: rate.NewLimiter(eventsPerSecond, eventsAtOnce), waiting: make(chan untold, mostUntold), outcomes: m.events, log: log,
	}, nil
}

// tell has the owner told of a new pod that was refused. What was only tried leaves no trace, and a pod that is nobody's
// has whoever asked for it read the answer.
func (e *events) tell(r *request, out outcome) {
	if e == nil || out.response.Allowed || r.DryRun || !r.createsPod() {
		return
	}
	owner := template.ControllerOf(r.Object)
	switch {
	case owner == nil:
	default:
		e.put(untold{namespace: r.Namespace, owner: *owner, sentence: out.decision.Sentence(r.familyName())})
	}
}

// put puts aside what is to be told. It is false where that is too much.
func (e *events) put(u untold) bool {
	if !e.limiter.Allow() {
		e.count(eventLimited)
		return false
	}
	select {
	case e.waiting <- u:
		return true
	default:
		e.count(eventOverflowed)
		return false
	}
}

// familyName is what the name of a pod begins with where the rest was made up, so that the refusals of all pods of one
// owner are told in the same words, and counted.
func (r *request) familyName() string { return cmp.Or(r.Object.GenerateName, r.objectName()) }

// Run writes events until the context is done.
func (e *events) Run(ctx context.Context) {
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(e.sink)
	recorder := broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "polymoat"})
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-e.waiting:
			if about := e.about(ctx, r); about != nil {
				recorder.Event(about, corev1.EventTypeWarning, cmp.Or(r.reason, refusedReason), clipped(r.sentence))
			}
		}
	}
}

// about is whom an event is about: what stands above the pod at the top, or its controller where nobody tells what does.
// It is nil where that is told already.
func (e *events) about(ctx context.Context, r untold) *corev1.ObjectReference {
	if r.about != nil {
		return r.about
	}
	top, there, err := e.controllers.Top(ctx, r.namespace, r.owner)
	switch {
	case err != nil:
		e.log.Warn("the owner of a refused pod is not known", "error", err)
		top = r.owner
	case !there:
		e.count(eventOwnerless)
		return nil
	}
	if top == r.owner && tellsItself(top) {
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

func (e *events) count(outcome string) { e.outcomes.WithLabelValues(outcome).Inc() }

// clipped is a sentence that fits into an event.
func clipped(sentence string) string {
	if len(sentence) <= longestMessage {
		return sentence
	}
	const end = " ..."
	return strings.ToValidUTF8(sentence[:longestMessage-len(end)], "") + end
}

// countingSink counts what is written.
type countingSink struct {
	record.EventSink
	outcomes *prometheus.CounterVec
}

// Create writes an event that is new.
func (s *countingSink) Create(event *corev1.Event) (*corev1.Event, error) {
	written, err := s.EventSink.Create(event)
	return written, s.counted(eventCreated, err)
}

// Patch counts an event once more.
func (s *countingSink) Patch(event *corev1.Event, data []byte) (*corev1.Event, error) {
	written, err := s.EventSink.Patch(event, data)
	if apierrors.IsNotFound(err) { // it has expired, and is created again
		return written, err
	}
	return written, s.counted(eventCounted, err)
}

func (s *countingSink) counted(outcome string, err error) error {
	if err != nil {
		outcome = eventFailed
	}
	s.outcomes.WithLabelValues(outcome).Inc()
	return err
}
