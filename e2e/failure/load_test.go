package failure_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// The load: so many pods at once, and so many in a second at most. One of a few is created for real, and deleted.
const (
	creators  = 6
	perSecond = 180
	oneReal   = 25
)

// load creates runs as fast as they are answered.
type load struct {
	stop     func() // ends it, and waits for what is in flight
	tenant   client.Client
	pod      *corev1.Pod
	answered atomic.Int64
	real     atomic.Int64
	// held is taken for every request, and as a whole to change what is expected of them.
	held sync.RWMutex
	// placed: whoever is not refused must have been placed.
	placed bool

	mu       sync.Mutex
	refusals []string
}

// startLoad runs until the test ends.
func startLoad(t *testing.T) *load {
	t.Helper()
	config := control.As(cluster.Tenant)
	config.QPS, config.Burst = perSecond, creators
	tenant, err := client.New(config, client.Options{})
	must(t, err)
	l := &load{tenant: tenant, pod: train(t)}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range creators {
		running.Go(func() {
			for ctx.Err() == nil {
				l.once(context.WithoutCancel(ctx))
			}
		})
	}
	l.stop = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(l.stop)
	return l
}

// once creates a run and notes why it was refused, or not placed. What was begun is finished, or a run would be left.
func (l *load) once(ctx context.Context) {
	l.held.RLock()
	defer l.held.RUnlock()
	pod := l.pod.DeepCopy()
	var options []client.CreateOption
	if n := l.answered.Load(); n%oneReal != 0 {
		options = append(options, client.DryRunAll)
	}
	err := l.tenant.Create(ctx, pod, options...)
	l.answered.Add(1)
	switch {
	case err != nil:
		l.note(err)
	case l.placed && pod.Spec.NodeSelector["polyaxon"] != "experiments":
		l.note(fmt.Errorf("the pod was taken and not placed: spec.nodeSelector is %v", pod.Spec.NodeSelector))
	}
	if err != nil || len(options) > 0 {
		return
	}
	l.real.Add(1)
	if err := l.tenant.Delete(ctx, pod, client.GracePeriodSeconds(0)); err != nil {
		l.note(fmt.Errorf("delete a run: %w", err))
	}
}

func (l *load) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusals = append(l.refusals, err.Error())
}

// during does something and returns what was refused meanwhile, and since it was called last. It goes on until a hundred
// pods were answered after it was done. The rate is only told: it is that of the machine.
func (l *load) during(t *testing.T, placed bool, do func()) []string {
	t.Helper()
	l.held.Lock()
	l.placed = placed
	l.held.Unlock()
	start, before, real := time.Now(), l.answered.Load(), l.real.Load()
	do()
	l.awaitMore(t, 100)
	answered, seconds := l.answered.Load()-before, time.Since(start).Seconds()
	l.mu.Lock()
	defer l.mu.Unlock()
	refusals := l.refusals
	l.refusals = nil
	t.Logf("%d pods in %.1f s, %.0f in a second, %d of them for real; %d refused",
		answered, seconds, float64(answered)/seconds, l.real.Load()-real, len(refusals))
	return refusals
}

// awaitMore waits until n more pods were answered.
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

// none fails the test for every refusal, of which it shows a few.
func none(t *testing.T, refusals []string) {
	t.Helper()
	for _, refusal := range refusals[:min(5, len(refusals))] {
		t.Error(refusal)
	}
}

// train is a run as Polyaxon creates it for a job, without a name.
func train(t *testing.T) *corev1.Pod {
	t.Helper()
	pod, err := e2e.Train()
	must(t, err)
	pod.ObjectMeta = metav1.ObjectMeta{GenerateName: "train-", Namespace: pod.Namespace, Labels: pod.Labels}
	return pod
}

// placed says why a run is not placed: it was refused, or nobody was asked.
func placed(t *testing.T) error {
	t.Helper()
	pod := train(t)
	if err := as(t, cluster.Tenant).Create(t.Context(), pod, client.DryRunAll); err != nil {
		return err
	}
	if pod.Spec.NodeSelector["polyaxon"] != "experiments" {
		return errors.New("it was taken, and not placed")
	}
	return nil
}
