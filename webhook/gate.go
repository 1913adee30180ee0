package webhook

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

const (
	// leastRoom is what a review takes at least: most are of some kilobytes, and each brings a goroutine and an answer.
	leastRoom = 64 << 10
	// roomOfProcessor is how much one processor works off in half a second where the quick way does not help.
	roomOfProcessor = 16 << 20
	// roomOfMemory is the part of the memory limit that bodies may take: what is decoded of them takes several times that.
	roomOfMemory = 8
	// defaultTimeout is how long an API server waits that does not say so.
	defaultTimeout = 10 * time.Second
	// mostWait is how long a review may wait at most, however long the API server would.
	mostWait = 5 * time.Second
	// roomToWait is how much may wait where room and memory are as the chart has them: with those in the room it is more than
	// the 600 requests of one API server, and less than the connections that there may be, or nobody could be sent away.
	roomToWait = 512 * leastRoom
)

// gate bounds the reviews that are worked on at once. What is more waits, unread, for a third of the time that the API server
// gives it, and is then sent away. If everybody were let in, all would be answered too late as soon as more comes in than
// can be worked off, and none would be the better for it; the memory would grow until the kernel ends the process.
type gate struct {
	room  *semaphore.Weighted // in bytes of bodies; who came first is let in first
	queue int64               // the most that may wait before it: memory that is held until it is known whether there is time
	turns *semaphore.Weighted // of those in the room, who keeps processors busy: see turn
	// ofTurn is how many bytes of a body go with one turn.
	ofTurn int64
	// working and waiting are how many bytes are in the room and in the queue.
	working, waiting atomic.Int64

	metrics *metrics
	log     *slog.Logger
	limiter *rate.Limiter // of the log
}

func newGate(size int64, m *metrics, log *slog.Logger) *gate {
	return &gate{
		room: semaphore.NewWeighted(size), queue: min(2*size, max(size, roomToWait)), turns: semaphore.NewWeighted(turns()),
		ofTurn:  max(size/4, maxBody) / turns(),
		metrics: m, log: log, limiter: rate.NewLimiter(1, 1),
	}
}

// defaultRoom is what processors work off in good time and memory holds, and one review of the largest kind at least.
func defaultRoom(memory int64) int64 {
	room := int64(runtime.GOMAXPROCS(0)) * roomOfProcessor
	return max(min(room, memory/roomOfMemory), maxBody)
}

// bound lets reviews through to the handler while there is room. It answers in plain HTTP, for a review whose uid nobody
// has read: mutate fails open then and validate fails closed, as if nobody had answered, but at once and with a reason.
// There is no Retry-After: an API server would obey it by itself, up to ten times, and bring the load back.
func (g *gate) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		room := roomOf(r)
		if !g.room.TryAcquire(room) {
			ctx, cancel := context.WithTimeout(r.Context(), timeToAnswer(r))
			defer cancel()
			if r = r.WithContext(ctx); !g.wait(r, room) {
				g.shed(w, r)
				return
			}
		}
		defer g.room.Release(room)
		g.working.Add(room)
		defer g.working.Add(-room)
		next.ServeHTTP(w, r)
	})
}

// roomOf is the room that a review takes. What does not say how long it is may be as long as any.
func roomOf(r *http.Request) int64 {
	if r.ContentLength < 0 {
		return maxBody
	}
	return min(max(r.ContentLength, leastRoom), maxBody)
}

// wait says whether there is room for the review in time.
func (g *gate) wait(r *http.Request, room int64) bool {
	defer g.waiting.Add(-room)
	if g.waiting.Add(room) > g.queue {
		return false
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeToBegin(r))
	defer cancel()
	return g.room.Acquire(ctx, room) == nil
}

// overload is why a review is sent away.
var overload = httpFault(http.StatusServiceUnavailable, "overload", "this replica has more reviews than it can answer in time; "+
	"this is not a decision of the policy: try again, and let the administrator add replicas where it happens often")

func (g *gate) shed(w http.ResponseWriter, r *http.Request) {
	g.metrics.errors.WithLabelValues(overload.kind).Inc()
	if g.limiter.Allow() {
		g.log.Warn("overload: reviews are sent away", "path", r.URL.Path, "waiting_bytes", g.waiting.Load())
	}
	writeStatus(w, overload)
}

// inFlight tells how much there is at the gate, and behind it.
func (g *gate) inFlight() []prometheus.Collector {
	gauge := func(state string, bytes *atomic.Int64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "polymoat_in_flight_bytes",
			Help:        "Bytes of the reviews that are worked on, and of those that wait because there are too many; 64 KiB for each at least. Bounded by --max-in-flight, and by twice that.",
			ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 { return float64(bytes.Load()) })
	}
	return []prometheus.Collector{gauge("working", &g.working), gauge("waiting", &g.waiting)}
}

// timeToBegin is how long a review may wait in all. It is a third of the time that the API server waits, because it
// waited there before, for a connection that was free, and nobody knows how long.
func timeToBegin(r *http.Request) time.Duration { return min(timeoutOf(r)/3, mostWait) }

// timeToAnswer leaves a tenth of the time for the answer's way back.
func timeToAnswer(r *http.Request) time.Duration { return timeoutOf(r) / 10 * 9 }

// timeoutOf is how long the API server waits for the answer: it says so in the URL, "?timeout=5s".
func timeoutOf(r *http.Request) time.Duration {
	value, found := strings.CutPrefix(r.URL.RawQuery, "timeout=")
	if !found {
		return defaultTimeout
	}
	timeout, err := time.ParseDuration(value)
	if err != nil || timeout <= 0 {
		return defaultTimeout
	}
	return timeout
}
