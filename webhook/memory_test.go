package webhook

import (
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"testing"
)

func TestGrowth(t *testing.T) {
	for alive, want := range map[uint64]int{
		0:         100, // at the start
		1 << 20:   400,
		6 << 20:   400, // without a cluster
		8 << 20:   300,
		13 << 20:  140, // 5,000 nodes
		16 << 20:  100,
		100 << 20: 100,
		4 << 30:   100,
	} {
		if got := growth(alive); got != want {
			t.Errorf("%d bytes are alive: the heap may grow by %d percent, want %d", alive, got, want)
		}
	}
}

// TestPaceCollections: what comes to life later counts after the next collection.
func TestPaceCollections(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(seldom))
	paceCollections(seldom)
	held := make([]byte, heapRoom)
	percent := []runtimemetrics.Sample{{Name: "/gc/gogc:percent"}}
	for runtimemetrics.Read(percent); percent[0].Value.Uint64() != often; runtimemetrics.Read(percent) {
		if t.Context().Err() != nil {
			t.Fatalf("the heap still grows by %d percent", percent[0].Value.Uint64())
		}
		runtime.GC()
	}
	runtime.KeepAlive(held)
}
