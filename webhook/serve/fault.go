package serve

import (
	"encoding/json"
	"fmt"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fault is why a review is not decided. It is never about a policy.
type fault struct {
	kind   string // what SentAway counts
	code   int
	reason metav1.StatusReason
	text   string // what the caller reads
}

var (
	overload = &fault{"overload", http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable,
		"polymoat: this replica has more reviews than it can answer in time; " +
			"this is not a decision of the policy: try again, and let the administrator add replicas where it happens often"}
	large = &fault{"too-large", http.StatusRequestEntityTooLarge, metav1.StatusReasonRequestEntityTooLarge,
		fmt.Sprintf("polymoat: the body is larger than %d bytes, the most that is read", LargestReview)}
	// A client that is slow and a server that has no time to read look alike from here: both may try again.
	slow = &fault{"slow", http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable,
		fmt.Sprintf("polymoat: the body did not arrive within %s", bodyTime)}
)

func endsEarly(err error) *fault {
	return &fault{"body", http.StatusBadRequest, metav1.StatusReasonBadRequest, fmt.Sprintf("polymoat: the body ends early: %v", err)}
}

// WriteStatus answers with a Status: an API server shows its message to whoever made the request. Of plain text it says no
// more than the code.
func WriteStatus(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	body, err := json.Marshal(&metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: message,
	})
	if err != nil {
		http.Error(w, message, code)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(body) // if this fails, the client is gone
}
