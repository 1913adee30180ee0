package certs_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// The load: as many pods at once, and as many in a second at most.
const (
	creators  = 4
	perSecond = 150
)

// load creates pods by dry-run, as fast as it is answered.
type load struct {
	answered  atomic.Int64
	latecomer *latecomer
	mu        sync.Mutex
	failures  []string
}

// startLoad runs until the test ends, and lets it fail for every pod that was not taken, and every handshake.
func startLoad(t *testing.T, b *balancer) *load {
	t.Helper()
	config := control.As(cluster.Tenant)
	config.QPS, config.Burst = perSecond, perSecond
	tenant, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	pod := run(t)
	l := &load{latecomer: &latecomer{admin: as(t, cluster.Admin), b: b}}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range creators {
		running.Go(func() {
			for ctx.Err() == nil {
				err := create(ctx, tenant, pod)
				if ctx.Err() != nil {
					return // the test has ended, and taken the request with it
				}
				l.answered.Add(1)
				if err != nil {
					l.note(err)
				}
			}
		})
	}
	running.Go(func() { l.latecomer.run(ctx, l.note) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		t.Logf("%d pods, %d handshakes, %d failures", l.answered.Load(), l.latecomer.beats.Load(), len(l.failures))
		for _, failure := range l.failures[:min(5, len(l.failures))] {
			t.Error(failure)
		}
	})
	return l
}

func (l *load) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures = append(l.failures, err.Error())
}

// awaitHeard waits until the latecomer, too, has heard of what was changed before.
func (l *load) awaitHeard(t *testing.T) {
	t.Helper()
	target := l.latecomer.beats.Load() + int64(len(l.latecomer.heard)) + 1
	await(t, "the latecomer", func() error {
		if got := l.latecomer.beats.Load(); got < target {
			return fmt.Errorf("%d of %d beats", got, target)
		}
		return nil
	})
}

// awaitMore waits until n more pods were answered: so many, at least, have met what was changed before.
func (l *load) awaitMore(t *testing.T, n int64) {
	t.Helper()
	target := l.answered.Load() + n
	await(t, "pods", func() error {
		if got := l.answered.Load(); got < target {
			return fmt.Errorf("%d of %d were answered", got, target)
		}
		return nil
	})
}

// run is a pod as Polyaxon creates it for a job.
func run(t *testing.T) *corev1.Pod {
	t.Helper()
	pod, err := e2e.Train()
	if err != nil {
		t.Fatal(err)
	}
	return pod
}

// create says why the pod was not taken, or was not placed: a mutating webhook that is not reached fails open, and the
// validating half refuses nothing that may stay as it is.
func create(ctx context.Context, c client.Client, pod *corev1.Pod) error {
	placed := pod.DeepCopy()
	if err := c.Create(ctx, placed, &client.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		return err
	}
	if got := placed.Spec.NodeSelector["polyaxon"]; got != "experiments" {
		return fmt.Errorf("the pod was taken and not placed: spec.nodeSelector is %v", placed.Spec.NodeSelector)
	}
	return nil
}
