package webhook

import (
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
)

// The heap is collected when it has grown by so many percent over what is alive. Nearly all that a review takes is dead a
// moment later, so that to collect seldom saves a tenth of the time. But nodes stay alive, and five times what thousands of
// them take is memory that others could use: the heap may grow to heapRoom, as long as that is not too often.
const (
	seldom   = 400
	often    = 100 // as Go itself does
	heapRoom = 32 << 20
)

// paceCollections sets the percentage, unless it is the current one, now and after each collection.
func paceCollections(current int) {
	percent := growth(liveBytes())
	if percent != current { // to set it stops the world
		debug.SetGCPercent(percent)
	}
	runtime.AddCleanup(new(int), paceCollections, percent)
}

// growth is the percentage for a heap of which so many bytes are alive.
func growth(alive uint64) int {
	if alive == 0 { // nothing was collected yet
		return often
	}
	left := heapRoom - min(alive, heapRoom)
	const step = 10 // what is alive changes a little all the time
	return int(min(max(left*100/alive/step*step, often), seldom))
}

// liveBytes is what the last collection has left, in bytes.
func liveBytes() uint64 {
	sample := []runtimemetrics.Sample{{Name: "/gc/heap/live:bytes"}}
	runtimemetrics.Read(sample)
	return sample[0].Value.Uint64()
}
