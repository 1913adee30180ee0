package webhook

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/polymoat/polymoat/internal/cluster"
)

// TestScrapedWithoutAnAnswer: while the API server does not say who asks, nobody reads metrics, and no more than a few callers
// wait for it. Who may read is held against a real API server.
func TestScrapedWithoutAnAnswer(t *testing.T) {
	client, err := cluster.Connect(kubeconfigOf(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusInternalServerError)
	})))
	if err != nil {
		t.Fatal(err)
	}
	read := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics") })
	s := &scraped{client, read, make(chan struct{}, 1), slog.New(slog.DiscardHandler)}
	ask := func() (int, string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
		r.Header.Set("Authorization", "Bearer a")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	if code, text := ask(); code != 503 || text != "the API server could not be asked who may read metrics; polymoat's log says more\n" {
		t.Errorf("answered %d %s", code, text)
	}
	s.checks <- struct{}{} // somebody else waits
	if code, text := ask(); code != 503 || text != "too many callers ask for metrics at once; ask again later\n" {
		t.Errorf("answered %d %s", code, text)
	}
}
