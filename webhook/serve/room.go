package serve

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// room bounds the complete reviews that are decided at once, by their bytes. If all were let in, all would be answered too late
// as soon as more comes than can be decided, and memory would grow until the kernel ends the process.
type room struct {
	size   int64
	places *semaphore.Weighted // who came first is let in first
	queue  int64               // the most that may wait
	// deciding and waiting are how many bytes are inside and before it.
	deciding, waiting atomic.Int64
}

func newRoom(places, queue int64) *room {
	return &room{size: places, places: semaphore.NewWeighted(places), queue: queue}
}

// enter says whether there was room in time, which is half of what is left: the other half is for the decision.
func (r *room) enter(ctx context.Context, weight int64) bool {
	if !r.places.TryAcquire(weight) && !r.wait(ctx, weight) {
		return false
	}
	r.deciding.Add(weight)
	return true
}

func (r *room) wait(ctx context.Context, weight int64) bool {
	defer r.waiting.Add(-weight)
	if r.waiting.Add(weight) > r.queue {
		return false
	}
	deadline, _ := ctx.Deadline()
	ctx, cancel := context.WithTimeout(ctx, time.Until(deadline)/2)
	defer cancel()
	return r.places.Acquire(ctx, weight) == nil
}

func (r *room) leave(weight int64) {
	r.deciding.Add(-weight)
	r.places.Release(weight)
}
