package cost

import (
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// bill is what one decision costs: time of the processor, and bytes allocated.
type bill struct {
	cpu   time.Duration
	bytes uint64
	steps int
}

// measure is what f costs on one thread. Collecting garbage is left out: what is allocated is counted for itself.
func measure(f func() int) bill {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := used(threadItself)
	steps := f()
	took := used(threadItself) - begun
	runtime.ReadMemStats(&after)
	return bill{cpu: took, bytes: after.TotalAlloc - before.TotalAlloc, steps: steps}
}

// threadItself is RUSAGE_THREAD of Linux.
const threadItself = 1

// used is the processor time so far: of this thread, or of the process.
func used(who int) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(who, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// withinBudget fails a test that takes more processor time than all cases may; it returns what is to be called at the end.
func withinBudget(t *testing.T) func() {
	t.Helper()
	begun := used(syscall.RUSAGE_SELF)
	return func() {
		if took := used(syscall.RUSAGE_SELF) - begun; took > budget && took > allowed(budget) {
			t.Errorf("the test took %v of the processor, and may take %v", took, budget)
		}
	}
}

// yardstick is the processor time that makeLists takes on a core that nothing else shares caches with.
const yardstick = 30 * time.Millisecond

// allowed is how much processor time is as much as most of a quiet core: a machine that others use, too, takes more of it
// for the same work. It is measured there and then.
func allowed(most time.Duration) time.Duration {
	now := best(makeLists, 0).cpu
	return max(most, time.Duration(float64(most)*float64(now)/float64(yardstick)))
}

// makeLists does a little of what decisions do: strings are made, looked up and kept.
func makeLists() int {
	seen := map[string][]string{}
	for i := range 400_000 {
		key := "key-" + strconv.Itoa(i%1000)
		seen[key] = append(seen[key], key+"="+strconv.Itoa(i))
	}
	return len(seen)
}
