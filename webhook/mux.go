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
	// The API server asks at a path of their own about pods of core that its controllers create. Whatever others send, there
	// is room for these: mutation fails open, and a pod of core that is not placed runs beside runs.
	core := newGate(maxBody, p.metrics, p.log)
	for suffix, gate := range map[string]*gate{"": p.gate, "/core": core} {
		mux.Handle("/mutate"+suffix, p.review("mutate", p.decider.decode, p.decider.mutate, nil, gate))
		mux.Handle("/validate"+suffix, p.review("validate", p.decider.decode, p.decider.validate, p.events, gate))
	}
	mux.Handle("/workloads", p.review("workloads", decodeWorkload, p.decider.workloads, nil, p.gate))
	mux.Handle("/metrics", p.metrics.handler())
	return mux
}

// review answers the reviews of one webhook, as many at once as the gate lets in.
func (p parts) review(webhook string, decode decodes, decide decides, events *events, gate *gate) http.Handler {
	v := newReviewer(webhook, decode, p.tracer.decides(decide), p.metrics, p.log)
	v.gate, v.events = gate, events
	handler := gate.bound(p.tracer.handler(webhook, v))
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
