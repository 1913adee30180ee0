package webhook

import (
	"math"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
)

const (
	// seldom lets the heap grow to five times what is alive before it is collected: nearly all that a review takes is dead
	// a moment later, and a collection for each few dozen reviews would take a tenth of the time. GOGC is 100 otherwise.
	seldom = 400
	// modest is the memory, the program's own text aside, that it makes do with all the same: nodes stay alive, and five
	// times what 5,000 of them take is memory that others could use.
	modest = 40 << 20
)

// memoryAllowed is GOMEMLIMIT, read before anything changes it.
var memoryAllowed = debug.SetMemoryLimit(-1)

// leaveRoom is a tenth below GOMEMLIMIT, which the chart sets to the container's limit: the kernel also counts what Go's
// runtime does not, and ends the process where the runtime would only collect more often.
func leaveRoom(limit int64) int64 {
	if limit == math.MaxInt64 { // none
		return limit
	}
	return limit / 10 * 9
}

// boundMemory sets how much memory the runtime takes before it collects, now and after each collection. given is never
// exceeded.
func boundMemory(given int64) {
	debug.SetMemoryLimit(memoryLimit(liveBytes(), given))
	runtime.AddCleanup(new([4]int), boundMemory, given) // anything smaller may share a block with what lives longer
}

// memoryLimit leaves as much room to work as is alive: without, the runtime would do nothing but collect.
func memoryLimit(live uint64, given int64) int64 {
	return min(max(modest, 2*int64(live)), given)
}

// liveBytes is what the last collection has left; 0 before the first.
func liveBytes() uint64 {
	sample := []runtimemetrics.Sample{{Name: "/gc/heap/live:bytes"}}
	runtimemetrics.Read(sample)
	return sample[0].Value.Uint64()
}
