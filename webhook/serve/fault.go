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
	slow = &fault{"slow", http.StatusBadRequest, metav1.StatusReasonBadRequest,
		fmt.Sprintf("polymoat: the body did not arrive within %s", bodyTime)}
)

func endsEarly(err error) *fault {
	return &fault{"body", http.StatusBadRequest, metav1.StatusReasonBadRequest, fmt.Sprintf("polymoat: the body ends early: %v", err)}
}

// write answers with a Status: an API server shows its message to whoever made the request. Of plain text it says no more
// than the code.
func (f *fault) write(w http.ResponseWriter) {
	body, err := json.Marshal(&metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: int32(f.code), Reason: f.reason, Message: f.text,
	})
	if err != nil {
		http.Error(w, f.text, f.code)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.code)
	_, _ = w.Write(body) // if this fails, the client is gone
}
