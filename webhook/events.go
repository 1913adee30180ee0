package webhook

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
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"

	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/template"
)

// How many refusals of one namespace a replica makes events of: never more than 120 in any minute. A new event and one that
// counts once more both cost etcd a write.
const (
	eventsPerSecond = 1
	eventsAtOnce    = 60
	mostUntold      = 64 // refusals of one namespace that wait for the API server
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
	eventOwnerless  = "ownerless"  // the owner is not there, or cannot be read
	eventLimited    = "limited"    // there were too many
	eventOverflowed = "overflowed" // the API server is too slow
	eventFailed     = "failed"     // the API server does not take it
)

// events tell the owner that a user looks at, the Operation or the Deployment, that a pod of it was refused. An answer
// waits for none of it: what is to be told is put aside.
type events struct {
	sink        record.EventSink
	controllers *cluster.Controllers
	budgets     map[string]eventBudget // by governed namespace
	outcomes    *prometheus.CounterVec
	log         *slog.Logger
}

// eventBudget is what one namespace may spend: others have their own.
type eventBudget struct {
	limiter *rate.Limiter
	waiting chan untold
}

// untold is what an event is to be made of: a refusal, of which the pod's owner is told, or what is wrong with a pod itself.
type untold struct {
	namespace string
	owner     metav1.OwnerReference   // of the pod
	about     *corev1.ObjectReference // the pod; nil where the owner is told
	reason    string                  // empty for a refusal
	sentence  string
}

func newEvents(kubeconfig string, namespaces []string, controllers *cluster.Controllers, m *metrics, log *slog.Logger) (*events, error) {
	client, err := cluster.Connect(kubeconfig)
	if err != nil {
		return nil, err
	}
	e := &events{
		sink: &countingSink{&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")}, m.events}, controllers: controllers,
		budgets: map[string]eventBudget{}, outcomes: m.events, log: log,
	}
	for _, namespace := range namespaces {
		e.budgets[namespace] = eventBudget{rate.NewLimiter(eventsPerSecond, eventsAtOnce), make(chan untold, mostUntold)}
	}
	return e, nil
}

// tell has the owner told of a new pod that was refused. What was only tried leaves no trace, and a pod that is nobody's
// has whoever asked for it read the answer.
func (e *events) tell(r *request, out outcome) {
	if e == nil || out.response.Allowed || r.DryRun || !r.createsPod() {
		return
	}
	if owner := template.ControllerOf(r.Object); owner != nil {
		e.put(untold{namespace: r.Namespace, owner: *owner, sentence: out.decision.Sentence(r.familyName())})
	}
}

// put puts aside what is to be told. It is false where that is too much for the namespace.
func (e *events) put(u untold) bool {
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

// familyName is what the name of a pod begins with where the rest was made up, so that the refusals of all pods of one
// owner are told in the same words, and counted.
func (r *request) familyName() string { return cmp.Or(r.Object.GenerateName, r.objectName()) }

// Run writes events until the context is done.
func (e *events) Run(ctx context.Context) {
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(e.sink)
	recorder := broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "polymoat"})
	var group sync.WaitGroup
	for _, budget := range e.budgets {
		group.Go(func() { e.record(ctx, budget.waiting, recorder) })
	}
	group.Wait()
}

// record writes the events of one namespace: whoever has owners looked up holds up no other.
func (e *events) record(ctx context.Context, waiting <-chan untold, recorder record.EventRecorder) {
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
func (e *events) about(ctx context.Context, r untold) *corev1.ObjectReference {
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
