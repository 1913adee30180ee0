package webhook

import (
	"log/slog"
	"net/http"
)

// parts are what a server is made of.
type parts struct {
	decider *decider
	metrics *metrics
	ready   *readiness
	callers *callers // nil where anybody may send reviews
	gate    *gate
	tracer  *tracer // nil where nobody traces them
	events  *events // nil where no owner is told of refusals
	log     *slog.Logger
}

// newMux is everything that is served over TLS.
func newMux(p parts) *http.ServeMux {
	mux := probeMux(p.ready)
	mux.Handle("/mutate", p.review("mutate", p.decider.decode, p.decider.mutate, nil))
	mux.Handle("/validate", p.review("validate", p.decider.decode, p.decider.validate, p.events))
	mux.Handle("/workloads", p.review("workloads", decodeWorkload, p.decider.workloads, nil))
	mux.Handle("/metrics", p.metrics.handler())
	return mux
}

// review answers the reviews of one webhook.
func (p parts) review(webhook string, decode decodes, decide decides, events *events) http.Handler {
	v := newReviewer(webhook, decode, p.tracer.decides(decide), p.metrics, p.log)
	v.gate, v.events = p.gate, events
	handler := p.gate.bound(p.tracer.handler(webhook, v))
	if p.callers != nil {
		handler = p.callers.require(handler)
	}
	return handler
}

func metricsMux(m *metrics) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/metrics", m.handler())
	return mux
}

func probeMux(r *readiness) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", alive)
	mux.HandleFunc("/readyz", r.ready)
	return mux
}
