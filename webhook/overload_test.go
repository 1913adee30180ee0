//go:build !race

package webhook

import (
	"errors"
	"testing"
	"time"
)

// TestOverload: ten times as many reviews as a replica can decide on, for some seconds. Each is decided on or sent away,
// with a reason, before the API server gives up; the replica goes on deciding, keeps within its memory, and is itself
// again soon. With the race detector a server is another one: slower by far, and larger.
func TestOverload(t *testing.T) {
	p := startProcess(t)
	servers := []*apiServer{newAPIServer(t, p, "http/1.1"), newAPIServer(t, p, "http/1.1"), newAPIServer(t, p, "http/1.1")}
	servers[0].hammer(4, time.Second/2) // warm
	calm := servers[0].hammer(4, time.Second)
	t.Logf("calm: %s", calm)
	if len(calm.decided) == 0 {
		t.Fatalf("nothing is decided when it is calm: %v", calm.errs)
	}
	for _, tc := range []struct {
		name     string
		servers  []*apiServer
		share    float64       // that is decided at least, of what is decided in the same time of the processor when it is calm
		recovery time.Duration // until a review is decided on again
		sheds    bool
	}{
		// All that one API server lets in at once can wait.
		{"one API server", servers[:1], 0.5, time.Second, false},
		{"one API server on the same machine", []*apiServer{newAPIServer(t, p, "h2")}, 0.3, time.Second, false},
		// Most time goes into handshakes and into answers to those who are sent away. Thousands of connections that nobody
		// waits for any more are still being opened when all is over.
		{"three API servers", servers, 0.1, 2 * time.Second, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := storm(tc.servers, 10*len(calm.decided), 3*time.Second)
			p.recovers(t, servers[0], tc.recovery)
			if share := got.rate() / calm.rate(); share < tc.share {
				t.Errorf("the replica decided %.2f of what it can, want %.2f", share, tc.share)
			}
			if tc.sheds && len(got.shed) == 0 {
				t.Error("nobody was sent away")
			}
			got.check(t, p)
		})
	}
}

// check holds what is so however many reviews there are.
func (c *tally) check(t *testing.T, p *process) {
	t.Helper()
	peak := peakOf(t, p.pid)
	t.Logf("storm: %s; the most memory so far was %d MiB", c, peak>>20)
	if err := errors.Join(c.errs...); err != nil {
		t.Errorf("%d of %d were not answered: %.1000s", len(c.errs), c.sent(), err)
	}
	if peak >= memoryOfProcess {
		t.Errorf("the replica took %d MiB", peak>>20)
	}
}

// recovers holds that a review is decided on in time.
func (p *process) recovers(t *testing.T, a *apiServer, within time.Duration) {
	t.Helper()
	begun := time.Now()
	for decided := false; !decided; {
		var err error
		if decided, err = a.review(); err != nil {
			t.Fatal(err)
		}
	}
	took := time.Since(begun).Round(time.Millisecond)
	t.Logf("a review was decided on again after %s", took)
	if took > within {
		t.Errorf("it took %s until a review was decided on, and not %s", took, within)
	}
}
