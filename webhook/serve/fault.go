package serve

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fault is why a review is not decided. It is never about a policy.
type Fault struct {
	Kind string // "json": what metrics count, and all that the log says
	Code int    // 400: the caller's mistake; 422: that of the object's author; 500: ours
	Text string // what the caller reads
}

// NewFault words one.
func NewFault(code int, kind, format string, args ...any) *Fault {
	return &Fault{kind, code, "polymoat: " + fmt.Sprintf(format, args...)}
}

var (
	overload = NewFault(http.StatusServiceUnavailable, "overload", "this replica has more reviews than it can answer in time; "+
		"this is not a decision of the policy: try again, and let the administrator add replicas where it happens often")
	large = NewFault(http.StatusRequestEntityTooLarge, "too-large", "the body is larger than %d bytes, the most that is read", LargestReview)
	// A client that is slow and a server that has no time to read look alike from here: both may try again.
	slow = NewFault(http.StatusServiceUnavailable, "slow", "the body did not arrive within %s", bodyTime)
)

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

// Status is what a caller reads: an API server shows its message to whoever made the request.
func (f *Fault) Status() *metav1.Status {
	return &metav1.Status{
		Status: metav1.StatusFailure, Code: int32(f.Code), Reason: cmp.Or(reasons[f.Code], metav1.StatusReasonBadRequest), Message: f.Text,
	}
}

// Write answers in plain HTTP, where there is no review to answer. Of plain text an API server says no more than the code.
func (f *Fault) Write(w http.ResponseWriter) {
	status := f.Status()
	status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	body, err := json.Marshal(status)
	if err != nil {
		http.Error(w, f.Text, f.Code)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(f.Code)
	_, _ = w.Write(body) // if this fails, the client is gone
}
