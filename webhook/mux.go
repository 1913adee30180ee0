package webhook

import (
	"log/slog"
	"net/http"
)

// newMux is everything that is served over TLS. callers is nil where anybody may send reviews, t where nobody traces them.
func newMux(d *decider, m *metrics, r *readiness, c *callers, t *tracer, log *slog.Logger) *http.ServeMux {
	mux := probeMux(r)
	review := func(webhook string, decode decodes, decide decides) {
		v := t.handler(webhook, newReviewer(webhook, decode, t.decides(decide), m, log))
		if c != nil {
			v = c.require(v)
		}
		mux.Handle("/"+webhook, v)
	}
	review("mutate", d.decode, d.mutate)
	review("validate", d.decode, d.validate)
	review("workloads", decodeWorkload, d.workloads)
	mux.Handle("/metrics", m.handler())
	return mux
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
