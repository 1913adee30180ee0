// Package check is what the tests with a control plane have in common beside it.
package check

import (
	"testing"
	"time"

	"github.com/polymoat/polymoat/internal/freeport"
)

const (
	interval = 20 * time.Millisecond
	patience = time.Minute
)

// Must ends a test that cannot go on.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Await polls until ready returns nil, for a minute at most.
func Await(t testing.TB, what string, ready func() error) {
	t.Helper()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		err := ready()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("wait for %s: %v", what, err)
		case <-t.Context().Done():
			t.Fatalf("wait for %s: %v", what, t.Context().Err())
		case <-tick.C:
		}
	}
}

// FreeAddress is one on this machine that nobody listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	address, err := freeport.Address()
	Must(t, err)
	return address
}
