package cli

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// A command that watches prints again what has changed, and ends when it fails.
func TestWatch(t *testing.T) {
	var out, told strings.Builder
	c := newConsole(nil, &out, &told)
	ticks := make(chan time.Time, 3)
	for range cap(ticks) {
		ticks <- time.Time{}
	}
	said, round := []string{"one", "one", "two", "three"}, 0
	err := watched(t.Context(), c.Console, true, func() <-chan time.Time { return ticks }, func(context.Context) error {
		c.Print(said[round] + "\n")
		if round == 2 {
			c.Tell("note: %s\n", "not all is known")
		}
		if round++; round == 4 {
			c.Fail(errors.New("gone"))
		}
		return nil
	})
	if got, want := out.String(), "one\n\ntwo\n\nthree\n"; got != want || err != nil {
		t.Errorf("printed %q, %v; want %q", got, err, want)
	}
	if got, want := told.String(), "note: not all is known\nerror: gone\n"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

// Without --watch it runs once; with it, it ends with the context.
func TestWatchEnds(t *testing.T) {
	c := newConsole(nil, &strings.Builder{}, &strings.Builder{})
	runs := 0
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, watch := range []bool{false, true} {
		err := watched(ctx, c.Console, watch, everyFewSeconds, func(context.Context) error {
			runs++
			if watch {
				cancel()
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if runs != 2 {
		t.Errorf("%d runs, want 2", runs)
	}
}
