package soak_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// The churn: so many nodes, and so many changes of them in a second at most, by so many clients at once.
const (
	churned          = 50
	changesPerSecond = 100
	changers         = 6
)

// churn changes labels and taints of nodes until stop is called, and counts how often.
type churn struct {
	stop    func()
	changes atomic.Int64

	mu       sync.Mutex
	failures []string
}

func startChurn(t *testing.T) *churn {
	t.Helper()
	config := control.As(cluster.Admin)
	config.QPS, config.Burst = changesPerSecond, 1
	admin, err := client.New(config, client.Options{})
	must(t, err)
	for i := range churned {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName(int64(i))}}
		must(t, admin.Create(t.Context(), node))
	}
	c := &churn{}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range changers {
		running.Go(func() {
			for ctx.Err() == nil {
				c.change(context.WithoutCancel(ctx), admin)
			}
		})
	}
	c.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(c.stop)
	return c
}

func nodeName(n int64) string { return fmt.Sprintf("churned-%d", n%churned) }

// change takes a node into a pool or out of it: its label and its taint.
func (c *churn) change(ctx context.Context, admin client.Client) {
	n := c.changes.Add(1)
	text := `{"metadata":{"labels":{"polyaxon":"experiments"}},"spec":{"taints":[{"key":"polyaxon","value":"experiments","effect":"NoSchedule"}]}}`
	if n/churned%2 == 0 {
		text = `{"metadata":{"labels":{"polyaxon":null}},"spec":{"taints":[{"key":"polyaxon","value":"none","effect":"NoSchedule"}]}}`
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName(n)}}
	if err := admin.Patch(ctx, node, client.RawPatch(types.MergePatchType, []byte(text))); err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.failures = append(c.failures, "change a node: "+err.Error())
	}
}
