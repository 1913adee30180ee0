package webhook

import (
	"math"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"testing"
)

func TestMemoryLimit(t *testing.T) {
	for _, tc := range []struct {
		name  string
		live  uint64
		given int64
		want  int64
	}{
		{"at the start", 0, math.MaxInt64, 40 << 20},
		{"5,000 nodes", 13 << 20, math.MaxInt64, 40 << 20},
		{"20,000 nodes", 50 << 20, math.MaxInt64, 100 << 20},
		{"20,000 nodes in a small container", 50 << 20, 96 << 20, 96 << 20},
		{"a tiny container", 5 << 20, 32 << 20, 32 << 20},
	} {
		if got := memoryLimit(tc.live, tc.given); got != tc.want {
			t.Errorf("%s: the limit is %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestLeaveRoom(t *testing.T) {
	for limit, want := range map[int64]int64{math.MaxInt64: math.MaxInt64, 100 << 20: 90 << 20} {
		if got := leaveRoom(limit); got != want {
			t.Errorf("of %d the heap may take %d, want %d", limit, got, want)
		}
	}
}

// TestBoundMemory: what comes to life later counts after the next collection.
func TestBoundMemory(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	boundMemory(math.MaxInt64)
	held := make([]byte, modest)
	limit := []runtimemetrics.Sample{{Name: "/gc/gomemlimit:bytes"}}
	eventually(t, "the limit is twice what is alive", func() bool {
		runtime.GC()
		runtimemetrics.Read(limit)
		return limit[0].Value.Uint64() >= 2*modest
	})
	runtime.KeepAlive(held)
}
