package webhook

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestSenders: addresses are told that sent a review, and no others; and of those not more than are worth looking at.
func TestSenders(t *testing.T) {
	mux, m := testServer(t, discardLog)
	probes := newProbes(http.NotFoundHandler(), func(*http.Request) error { return nil }, m.senders)
	ask := func(from, body string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/validate", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = from
		mux.ServeHTTP(httptest.NewRecorder(), r)
	}
	tell := func() string {
		w := httptest.NewRecorder()
		probes.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/senders", nil))
		return w.Body.String()
	}
	if got := tell(); got != "{}" {
		t.Errorf("at first: %s", got)
	}
	review := string(benchmarkReview(t))
	ask("10.0.0.1:40000", review)
	ask("10.0.0.1:40001", string(elsewhere([]byte(review))))
	ask("[fd00::1]:40000", review)
	ask("10.0.0.9:40000", "hello")
	const want = `{"10.0.0.1":2,"fd00::1":1}`
	if got := tell(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for i := range 2 * mostSenders {
		m.senders.note(fmt.Sprintf("10.1.0.%d:1", i))
	}
	if n := len(m.senders.reviews); n != mostSenders {
		t.Errorf("%d addresses are kept", n)
	}
}
