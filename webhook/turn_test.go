package webhook

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/semaphore"
)

// newBusy is a gate with one turn, which somebody has.
func newBusy(t *testing.T) (*gate, *turn) {
	t.Helper()
	g := openGate()
	g.turns = semaphore.NewWeighted(1)
	other := &turn{gate: g}
	if !other.take(httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/validate", nil), 0) {
		t.Fatal("there is no turn")
	}
	return g, other
}

// TestTurnSendsAway: who has been read, and finds no turn in time, is sent away with the same sentence.
func TestTurnSendsAway(t *testing.T) {
	g, other := newBusy(t)
	policies, err := LoadPolicies("")
	if err != nil {
		t.Fatal(err)
	}
	d := &decider{policy: policies.compiled, log: g.log, today: utcToday}
	mux := newMux(parts{decider: d, metrics: g.metrics, ready: &readiness{}, gate: g, log: g.log})
	ask := func() *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/validate?timeout=30ms", bytes.NewReader(benchmarkReview(t)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	late := ask()
	if diff := cmp.Diff(sentAway, late.Body.String()); diff != "" || late.Code != http.StatusServiceUnavailable {
		t.Errorf("answered %d (-want +got):\n%s", late.Code, diff)
	}
	if got := counterValue(t, g.metrics.errors.WithLabelValues("overload")); got != 1 {
		t.Errorf("counted %v, want 1", got)
	}
	other.end()
	for range 2 { // each gives its turn back
		if got := ask(); got.Code != http.StatusOK {
			t.Errorf("answered %d %s", got.Code, got.Body)
		}
	}
}

// TestTurnEnds: others work while the cluster is asked.
func TestTurnEnds(t *testing.T) {
	g, other := newBusy(t)
	_, cancel := (&request{turn: other, time: time.Second}).within(t.Context())
	defer cancel()
	if !g.turns.TryAcquire(1) {
		t.Error("the turn is not given back")
	}
	other.end() // once
	if g.turns.TryAcquire(1) {
		t.Error("the turn is given back twice")
	}
}

// TestTurnsOf: most reviews take one turn, and the largest takes all of them.
func TestTurnsOf(t *testing.T) {
	g := newGate(4*maxBody, nil, nil)
	for length, want := range map[int]int64{0: 1, 60_000: 1, int(g.ofTurn): 2, maxBody: turns()} {
		if got := g.turnsOf(length); got != want {
			t.Errorf("a review of %d bytes takes %d turns, want %d", length, got, want)
		}
	}
}

// TestDue: the time that a review waited at the gate counts.
func TestDue(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/validate?timeout=6s", nil)
	if left := time.Until(due(r)); left > 2*time.Second || left < time.Second {
		t.Errorf("a review that found room has %s, want 2s", left)
	}
	arrived := time.Now().Add(-time.Second)
	ctx, cancel := context.WithDeadline(t.Context(), arrived.Add(timeToAnswer(r)))
	defer cancel()
	if got, want := due(r.WithContext(ctx)), arrived.Add(2*time.Second); !got.Equal(want) {
		t.Errorf("a review that waited is due %s, want %s", got, want)
	}
}
