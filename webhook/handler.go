package webhook

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/polymoat/polymoat/internal/template"
	"github.com/polymoat/polymoat/webhook/serve"
)

// decides makes the decision of one webhook.
type decides func(context.Context, *request) (outcome, *serve.Fault)

// handler answers the requests of one webhook, and has everybody told who is to know.
type handler struct {
	webhook  string // "mutate", "validate", "workloads"
	decide   decides
	metrics  *metrics
	took     prometheus.Observer // how long decisions take
	refusals *refusals
	events   teller // nil where no owner is told
	log      *slog.Logger
}

var _ admission.Handler = (*handler)(nil)

// Handle decides on one request.
func (h *handler) Handle(ctx context.Context, req admission.Request) admission.Response {
	r := &request{Request: req}
	begun := time.Now()
	out, f := h.decide(ctx, r)
	observe(ctx, h.took, begun)
	if f != nil {
		h.metrics.faults.note(h.log, f, "uid", req.UID)
		return faulty(f)
	}
	h.metrics.decided(h.webhook, r.dryRun(), out.decision)
	h.refusals.tell(ctx, r, out)
	h.tellOwner(r, out)
	return out.response
}

// teller tells the owner of a pod, in a sentence, that the pod was refused. It waits for nothing.
type teller interface {
	Tell(namespace string, owner metav1.OwnerReference, sentence string)
}

// tellOwner has the owner of a new pod told that it was refused. A dry run leaves no trace, and whoever creates a pod
// without an owner reads the answer.
func (h *handler) tellOwner(r *request, out outcome) {
	if h.events == nil || out.response.Allowed || r.dryRun() || !r.createsPod() {
		return
	}
	if owner := template.ControllerOf(r.object); owner != nil {
		h.events.Tell(r.Namespace, *owner, out.decision.Sentence(r.familyName()))
	}
}
