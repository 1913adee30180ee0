package soak_test

import (
	"context"
	"sync"
	"testing"
	"time"
)

// trend is how a gauge of a replica develops.
type trend struct {
	minutes, values []float64
}

func (t *trend) add(since time.Time, value float64) {
	t.minutes, t.values = append(t.minutes, time.Since(since).Minutes()), append(t.values, value)
}

// slope is what it grows by in a minute, by least squares; the first third, in which caches fill, does not count. growth
// is what that comes to from there to the end.
func (t *trend) slope() (slope, growth float64) {
	from := len(t.values) / 3
	x, y := t.minutes[from:], t.values[from:]
	var meanX, meanY, covariance, variance float64
	for i := range x {
		meanX, meanY = meanX+x[i]/float64(len(x)), meanY+y[i]/float64(len(x))
	}
	for i := range x {
		covariance += (x[i] - meanX) * (y[i] - meanY)
		variance += (x[i] - meanX) * (x[i] - meanX)
	}
	slope = covariance / variance
	return slope, slope * (x[len(x)-1] - x[0])
}

// watched are the trends of one replica, in bytes and goroutines.
type watched struct {
	memory, goroutines trend
	stop               func()
}

// watch looks at the replica every half second until stop is called.
func watch(t *testing.T, r *replica) *watched {
	t.Helper()
	w, begun := &watched{}, time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			bytes, err := r.gauge(ctx, "process_resident_memory_bytes")
			goroutines, errToo := r.gauge(ctx, "go_goroutines")
			if err == nil && errToo == nil {
				w.memory.add(begun, bytes)
				w.goroutines.add(begun, goroutines)
			}
		}
	})
	w.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(w.stop)
	return w
}

// TestTrend: the slope of a line is the line's, and what comes before the line does not count.
func TestTrend(t *testing.T) {
	grows := trend{minutes: []float64{0, 1, 2, 3, 4, 5}, values: []float64{100, 0, 30, 32, 34, 36}}
	if slope, growth := grows.slope(); slope < 1.99 || slope > 2.01 || growth < 5.99 || growth > 6.01 {
		t.Errorf("it grows by %v in a minute and by %v in all, want 2 and 6", slope, growth)
	}
}
