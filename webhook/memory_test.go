package webhook

import (
	"math"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"testing"
)

func TestGrowth(t *testing.T) {
	for _, tc := range []struct {
		name        string
		live, other int64
		want        int
	}{
		{"before the first collection", 0, 8 << 20, 700},
		{"a few nodes", 3 << 20, 8 << 20, 700},
		{"some nodes", 6 << 20, 8 << 20, 316},
		{"5,000 nodes", 13 << 20, 10 << 20, 76},
		{"20,000 nodes", 50 << 20, 10 << 20, 55},
		{"a thousand connections", 20 << 20, 45 << 20, 55},
	} {
		if got := growth(tc.live, tc.other); got != tc.want {
			t.Errorf("%s: the heap may grow by %d%%, want %d%%", tc.name, got, tc.want)
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
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	boundMemory()
	held := make([]byte, modest)
	percent := []runtimemetrics.Sample{{Name: "/gc/gogc:percent"}}
	eventually(t, "the heap grows by less", func() bool {
		runtime.GC()
		runtimemetrics.Read(percent)
		return percent[0].Value.Uint64() == often
	})
	runtime.KeepAlive(held)
}
