package webhook

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/healthz"
)

// mostSenders is how many addresses are kept: a cluster has a few API servers, or agents of konnectivity.
const mostSenders = 64

// senders are the addresses that reviews came from. Which of them are API servers is for an administrator to say.
type senders struct {
	mu      sync.Mutex
	reviews map[string]int // by address
}

// note counts a review. When there are too many addresses, a new one is left out.
func (s *senders) note(remote string) {
	address, _, err := net.SplitHostPort(remote)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.reviews[address]; known || len(s.reviews) < mostSenders {
		s.reviews[address]++
	}
}

// ServeHTTP says how many reviews came from each, as JSON: {"10.0.0.1":1204}.
func (s *senders) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	text, err := json.Marshal(s.reviews)
	s.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

// newProbes serves /readyz, /healthz as long as alive says so, and /senders for doctor. The manager's own probes withhold why.
func newProbes(ready http.Handler, alive healthz.Checker, from *senders) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/senders", from)
	mux.Handle("/readyz", ready)
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		if err := alive(r); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	})
	return mux
}
