package webhook

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/webhook/serve"
)

// fault is why a review is not answered with a decision. It is never about a policy.
type fault struct {
	kind string // "json": the label of polymoat_errors_total, and all that the log says
	code int    // 400: the caller's mistake; 422: that of the object's author; 500: ours
	text string // what the caller reads
}

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
func (m *faults) note(log *slog.Logger, f *fault, about ...any) {
	m.count(f.kind)
	if m.limiter.Allow() {
		log.Warn("review not answered", append([]any{"kind", f.kind, "code", f.code}, about...)...)
	}
}

// badReview is a review that the caller made wrong.
func badReview(kind, format string, args ...any) *fault {
	return httpFault(http.StatusBadRequest, kind, format, args...)
}

func httpFault(code int, kind, format string, args ...any) *fault {
	return &fault{kind: kind, code: code, text: "polymoat: " + fmt.Sprintf(format, args...)}
}

// internal is a mistake of our own. The caller reads no more than that: the log says the rest.
func internal(kind string) *fault {
	return httpFault(http.StatusInternalServerError, kind, "internal error; this is not a decision of the policy, and polymoat's log says more")
}

// reasons are those of codes; BadRequest for all others.
var reasons = map[int]metav1.StatusReason{
	http.StatusInternalServerError:   metav1.StatusReasonInternalError,
	http.StatusUnauthorized:          metav1.StatusReasonUnauthorized,
	http.StatusServiceUnavailable:    metav1.StatusReasonServiceUnavailable,
	http.StatusForbidden:             metav1.StatusReasonForbidden,
	http.StatusRequestEntityTooLarge: metav1.StatusReasonRequestEntityTooLarge,
	http.StatusMethodNotAllowed:      metav1.StatusReasonMethodNotAllowed,
	http.StatusUnsupportedMediaType:  metav1.StatusReasonUnsupportedMediaType,
	http.StatusUnprocessableEntity:   metav1.StatusReasonInvalid,
}

func (f *fault) reason() metav1.StatusReason {
	return cmp.Or(reasons[f.code], metav1.StatusReasonBadRequest)
}

// writeStatus answers in plain HTTP, where there is no review to answer.
func writeStatus(w http.ResponseWriter, f *fault) { serve.WriteStatus(w, f.code, f.reason(), f.text) }
