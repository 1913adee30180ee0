package webhook

import (
	"context"
	"net/http"
	"runtime"
	"time"
)

// turnsOfProcessor is how many reviews share one processor. More of them would all be answered later; fewer, and some of
// the largest kind would hold up all others.
const turnsOfProcessor = 4

// crowd is how many goroutines there are when many connections want something: each has one, and a server that has nothing
// to do has a hundred or two.
const crowd = 256

// turns are how many there are.
func turns() int64 { return int64(runtime.GOMAXPROCS(0)) * turnsOfProcessor }

// turnsOf is how many turns a review takes: one, and more of a large one, which may take ten times its length in memory. All
// that is worked on at once is no larger than a quarter of the room, or than one review of the largest kind.
func (g *gate) turnsOf(length int) int64 {
	return min(1+int64(length)/g.ofTurn, turns())
}

// turn is a review's right to keep a processor busy. Go's scheduler knows no priorities: if everybody in the room worked
// at once, then whoever only says hello, or is to be sent away, would wait until hundreds of reviews have been worked on,
// and at each step of a handshake again.
type turn struct {
	gate *gate // nil where nobody has to wait
	held int64
}

// take waits for a turn, and says whether it came in time. The body has been read by then, of that length: a client that is
// slow holds no turn.
func (t *turn) take(r *http.Request, length int) bool {
	if t.gate == nil {
		return true
	}
	wanted := t.gate.turnsOf(length)
	if !t.gate.turns.TryAcquire(wanted) {
		ctx, cancel := context.WithDeadline(r.Context(), due(r))
		defer cancel()
		if t.gate.turns.Acquire(ctx, wanted) != nil {
			return false
		}
	}
	t.held = wanted
	if runtime.NumGoroutine() > crowd {
		// All who have less to do go first, and who has been read meanwhile waits for a turn. Without, each would find one
		// when it comes to a processor, and hundreds of them would be worked on between two steps of a handshake.
		runtime.Gosched()
	}
	return true
}

// end gives the turn back, if there is one. Whoever goes on does so without: the cluster is asked, or an answer is sent.
func (t *turn) end() {
	if t != nil && t.held > 0 {
		t.gate.turns.Release(t.held)
		t.held = 0
	}
}

// due is when a review is sent away that was not begun: the time that it waited at the gate counts.
func due(r *http.Request) time.Time {
	if end, waited := r.Context().Deadline(); waited {
		return end.Add(timeToBegin(r) - timeToAnswer(r))
	}
	return time.Now().Add(timeToBegin(r))
}
