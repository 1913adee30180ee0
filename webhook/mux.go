package webhook

import (
	"log/slog"
	"net/http"
)

// newMux is everything that is served over TLS. callers is nil where anybody may send reviews.
func newMux(d *decider, m *metrics, r *readiness, c *callers, g *gate, log *slog.Logger) *http.ServeMux {
	mux := probeMux(r)
	review := func(path string, v *reviewer) {
		bounded := g.bound(v)
		if c != nil {
			bounded = c.require(bounded)
		}
		mux.Handle(path, bounded)
	}
	review("/mutate", newReviewer("mutate", d.decode, d.mutate, m, log))
	review("/validate", newReviewer("validate", d.decode, d.validate, m, log))
	review("/workloads", newReviewer("workloads", decodeWorkload, d.workloads, m, log))
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
