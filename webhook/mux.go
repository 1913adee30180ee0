package webhook

import (
	"log/slog"
	"net/http"
)

// newMux is everything that is served over TLS.
func newMux(d *decider, m *metrics, r *readiness, log *slog.Logger) *http.ServeMux {
	mux := probeMux(r)
	mux.Handle("/mutate", newReviewer("mutate", d.mutate, m, log))
	mux.Handle("/validate", newReviewer("validate", d.validate, m, log))
	workloads := newReviewer("workloads", d.workloads, m, log)
	workloads.decode = decodeWorkload
	mux.Handle("/workloads", workloads)
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
