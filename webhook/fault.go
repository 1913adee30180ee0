package webhook

import (
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/polymoat/polymoat/webhook/serve"
)

// How many faults a server logs: metrics count them all.
const (
	faultsPerSecond = 10
	faultsAtOnce    = 100
)

// faults count reviews that are not answered with a decision, and log them.
type faults struct {
	counted *prometheus.CounterVec
	limiter *rate.Limiter
}

// count counts a review that never came to a handler.
func (m *faults) count(kind string) { m.counted.WithLabelValues(kind).Inc() }

// note counts a fault, and logs it while there are few. about says which review it was.
func (m *faults) note(log *slog.Logger, f *serve.Fault, about ...any) {
	m.count(f.Kind)
	if m.limiter.Allow() {
		log.Warn("review not answered", append([]any{"kind", f.Kind, "code", f.Code}, about...)...)
	}
}

// badReview is a review that the caller made wrong.
func badReview(kind, format string, args ...any) *serve.Fault {
	return serve.NewFault(http.StatusBadRequest, kind, format, args...)
}

// internal is a mistake of our own. The caller reads no more than that: the log says the rest.
func internal(kind string) *serve.Fault {
	return serve.NewFault(http.StatusInternalServerError, kind, "internal error; this is not a decision of the policy, and polymoat's log says more")
}
