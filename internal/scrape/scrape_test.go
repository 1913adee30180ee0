package scrape

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// TestRestrictedWithoutAnAnswer: while the API server does not say who asks, nobody reads metrics, and no more than a few callers
// wait for it. Who may read is held against a real API server.
func TestRestrictedWithoutAnAnswer(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusInternalServerError)
	}))
	t.Cleanup(api.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: api.URL})
	if err != nil {
		t.Fatal(err)
	}
	read := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics") })
	s := &restricted{client, read, make(chan struct{}, 1), slog.New(slog.DiscardHandler)}
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
