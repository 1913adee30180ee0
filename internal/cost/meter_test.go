package cost

import (
	"runtime"
	"runtime/debug"
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

// used is the time of the processor so far: a machine that others use, too, does not make it longer.
func used(who int) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(who, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// spent fails a test that takes more of the processor than it may in all.
func spent(t *testing.T, begun time.Duration, most time.Duration) {
	t.Helper()
	if took := used(syscall.RUSAGE_SELF) - begun; took > most {
		t.Errorf("the test took %v of the processor, and may take %v", took, most)
	}
}
