package webhook

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestCoreHasAShare: while others fill the room and the queue, reviews of core are decided on, and none of others.
func TestCoreHasAShare(t *testing.T) {
	policies, err := LoadPolicies("")
	if err != nil {
		t.Fatal(err)
	}
	m, log := newMetrics(nil), slog.New(discardLog)
	full := newGate(leastRoom, m, log)
	if !full.room.TryAcquire(leastRoom) || !full.turns.TryAcquire(turns()) {
		t.Fatal("the room is not empty")
	}
	mux := newMux(parts{decider: &decider{policy: policies.compiled, log: log, today: utcToday}, metrics: m, ready: &readiness{}, gate: full, log: log})
	for path, want := range map[string]int{
		"/mutate": http.StatusServiceUnavailable, "/validate": http.StatusServiceUnavailable, "/mutate/core": http.StatusOK, "/validate/core": http.StatusOK,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path+"?timeout=300ms", bytes.NewReader(benchmarkReview(t)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s is answered with %d, want %d: %.200s", path, w.Code, want, w.Body)
		}
	}
}
