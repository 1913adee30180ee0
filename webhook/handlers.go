package webhook

import (
	"log/slog"
	"net/http"

	"github.com/polymoat/polymoat/internal/tracing"
)

// parts are what the handlers of reviews are made of.
type parts struct {
	decider *decider
	metrics *metrics
	callers *callers // nil where anybody may send reviews
	tracer  *tracing.Tracer
	events  teller // nil where no owner is told of refusals
	log     *slog.Logger
}

// corePaths are where the API server asks about pods of core that its controllers create. Whatever others send, there is
// room for these: mutation fails open, and a pod of core that is not placed runs beside runs.
var corePaths = []string{"/mutate/core", "/validate/core"}

// newHandlers are the paths that the API server asks at.
func newHandlers(p parts) map[string]http.Handler {
	mutate := p.review("mutate", p.decider.mutate, nil)
	validate := p.review("validate", p.decider.validate, p.events)
	return map[string]http.Handler{
		"/mutate": mutate, "/mutate/core": mutate,
		"/validate": validate, "/validate/core": validate,
		"/workloads": p.review("workloads", p.decider.workloads, nil),
	}
}

// review answers the reviews of one webhook.
func (p parts) review(webhook string, decide decides, events teller) http.Handler {
	log := p.log.With("webhook", webhook)
	h := &handler{webhook, traced(p.tracer, decide), p.metrics, p.metrics.decide.WithLabelValues(webhook), newRefusals(p.metrics, log), events, log}
	answered := p.tracer.Handler(webhook, &reviewer{webhook, h, p.metrics, log})
	if p.callers != nil {
		answered = p.callers.require(answered)
	}
	return answered
}
