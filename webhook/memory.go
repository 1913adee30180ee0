package webhook

import (
	"math"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
)

const (
	// seldom lets the heap grow to eight times what is alive before it is collected: nearly all that a review takes is dead
	// a moment later, and a collection for each few dozen reviews would take a tenth of the time. GOGC is 100 otherwise.
	seldom = 700
	// often is how far it grows at least: with less, a heap that is large would be collected all the time.
	often = 55
	// modest is the memory, the program's own text aside, that it makes do with all the same: nodes stay alive, and eight
	// times what 5,000 of them take is memory that others could use.
	modest = 33 << 20
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

// boundMemory sets how far the heap grows before it is collected, now and after each collection. It does so by the growth
// and not by the runtime's limit: under a limit that hundreds of connections at once have reached, before anybody could
// raise it, the runtime does nothing but collect.
func boundMemory() {
	debug.SetGCPercent(growth(memoryInUse()))
	mark := new([4]int) // anything smaller may share a block with what lives longer
	runtime.AddCleanup(mark, func(struct{}) { boundMemory() }, struct{}{})
}

// growth is the percentage of what is alive by which the heap may grow, so that all memory comes to modest: other is what
// the runtime holds beside the objects of the heap.
func growth(live, other int64) int {
	if live == 0 {
		return seldom
	}
	return int(min(max(100*(modest-other-live)/live, often), seldom))
}

// memoryInUse is what the last collection has left of the heap, 0 before the first, and what is held beside its objects.
func memoryInUse() (live, other int64) {
	samples := []runtimemetrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
	}
	runtimemetrics.Read(samples)
	bytes := func(i int) int64 { return int64(samples[i].Value.Uint64()) }
	return bytes(0), bytes(1) - bytes(2) - bytes(3) - bytes(4)
}
