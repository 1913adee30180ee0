package webhook

import (
	"bytes"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sentAway is what the API server reads, and whoever made the request with it.
const sentAway = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",` +
	`"message":"polymoat: this replica has more reviews than it can answer in time; this is not a decision of the policy: ` +
	`try again, and let the administrator add replicas where it happens often","reason":"ServiceUnavailable","code":503}`

// slow is a handler behind a gate that answers when it is told to.
type slow struct {
	*gate
	t       *testing.T
	log     bytes.Buffer
	release chan struct{}
}

func newSlow(t *testing.T, reviews int64) *slow {
	t.Helper()
	s := &slow{t: t, release: make(chan struct{})}
	s.gate = newGate(reviews*leastRoom, newMetrics(nil), slog.New(slog.NewTextHandler(&s.log, nil)))
	return s
}

// ask sends a review, and returns the channel of its answer.
func (s *slow) ask(timeout string) <-chan *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "/validate?timeout="+timeout, strings.NewReader("{}"))
	answer := make(chan *httptest.ResponseRecorder, 1)
	go func() {
		w := httptest.NewRecorder()
		s.bound(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-s.release })).ServeHTTP(w, r)
		answer <- w
	}()
	return answer
}

// await waits until so many reviews are worked on, and so many wait.
func (s *slow) await(working, waiting int64) {
	s.t.Helper()
	eventually(s.t, "reviews at the gate", func() bool {
		return s.working.Load() == working*leastRoom && s.waiting.Load() == waiting*leastRoom
	})
}

// TestGateWaits: what waits is let in when there is room.
func TestGateWaits(t *testing.T) {
	s := newSlow(t, 1)
	first := s.ask("30s")
	s.await(1, 0)
	second := s.ask("30s")
	s.await(1, 1)
	s.release <- struct{}{}
	s.release <- struct{}{}
	for _, answer := range []*httptest.ResponseRecorder{<-first, <-second} {
		if answer.Code != 200 {
			t.Errorf("answered %d %s", answer.Code, answer.Body)
		}
	}
	s.await(0, 0)
}

// TestGateSendsAway: who waits for a third of the API server's patience is sent away with a Status, and so is at once who
// finds the queue full.
func TestGateSendsAway(t *testing.T) {
	s := newSlow(t, 1)
	defer close(s.release)
	s.ask("30s")
	s.await(1, 0)
	late := <-s.ask("20ms")
	s.ask("30s")
	s.ask("30s")
	s.await(1, 2)
	for name, answer := range map[string]*httptest.ResponseRecorder{"too late": late, "too many": <-s.ask("30s")} {
		if answer.Code != 503 || answer.Header().Get("Content-Type") != "application/json" || answer.Header().Get("Retry-After") != "" {
			t.Errorf("%s: answered %d with %v", name, answer.Code, answer.Header())
		}
		if diff := cmp.Diff(sentAway, answer.Body.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := counterValue(t, s.metrics.errors.WithLabelValues("overload")); got != 2 {
		t.Errorf("counted %v, want 2", got)
	}
	_, said, _ := strings.Cut(s.log.String(), " ")
	if want := "level=WARN msg=\"overload: reviews are sent away\" path=/validate waiting_bytes=0\n"; said != want {
		t.Errorf("logged %s, want the first of both: %s", said, want)
	}
}

func TestRoom(t *testing.T) {
	for length, want := range map[int64]int64{-1: maxBody, 0: leastRoom, 9_000: leastRoom, 1 << 20: 1 << 20, 1 << 40: maxBody} {
		if got := roomOf(&http.Request{ContentLength: length}); got != want {
			t.Errorf("a body of %d bytes takes %d, want %d", length, got, want)
		}
	}
	for limit, want := range map[int64]int64{
		math.MaxInt64: int64(runtime.GOMAXPROCS(0)) * roomOfProcessor,
		80 << 20:      10 << 20,
		32 << 20:      maxBody,
	} {
		if got := defaultRoom(limit); got != want {
			t.Errorf("with a memory limit of %d there is room for %d, want %d", limit, got, want)
		}
	}
}

// TestQueue: what waits is bounded by the room, and is no less than that.
func TestQueue(t *testing.T) {
	for room, want := range map[int64]int64{maxBody: 2 * maxBody, 16 << 20: 32 << 20, 28 << 20: 32 << 20, 100 << 20: 100 << 20} {
		if got := newGate(room, newMetrics(nil), slog.New(slog.DiscardHandler)).queue; got != want {
			t.Errorf("with room for %d bytes %d may wait, want %d", room, got, want)
		}
	}
}

func TestTimeoutOf(t *testing.T) {
	for query, want := range map[string]time.Duration{
		"timeout=5s": 5 * time.Second, "timeout=30s": 30 * time.Second, "timeout=1m0s": time.Minute,
		"": defaultTimeout, "timeout=": defaultTimeout, "timeout=-1s": defaultTimeout, "timeout=soon": defaultTimeout,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/mutate?"+query, nil)
		if got := timeoutOf(r); got != want {
			t.Errorf("%q: got %s, want %s", query, got, want)
		}
	}
}
