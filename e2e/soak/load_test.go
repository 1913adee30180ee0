package soak_test

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

// The load: so many requests at once, and so many in a second at most.
const (
	senders   = 6
	perSecond = 120
)

// load sends requests of every kind as fast as they are answered.
type load struct {
	stop          func() // ends it, and waits for what is in flight
	tenant, admin client.Client
	train         *corev1.Pod
	resident      *corev1.Pod // one that is there all the time, and is changed
	sent          atomic.Int64

	mu       sync.Mutex
	failures []string
}

// kinds are what is sent, in turns. Each says why an answer is not the right one.
var kinds = []struct {
	name string
	send func(*load, context.Context, int64) error
}{
	{"admitted", (*load).admitted}, {"refused", (*load).refused}, {"out of scope", (*load).outOfScope},
	{"changed", (*load).changed}, {"big", (*load).big}, {"a Job", (*load).job}, {"for real", (*load).real},
}

func startLoad(t *testing.T) *load {
	t.Helper()
	config := control.As(cluster.Tenant)
	config.QPS, config.Burst = perSecond, 1
	tenant, err := client.New(config, client.Options{})
	must(t, err)
	train, err := e2e.Train()
	must(t, err)
	train.ObjectMeta = metav1.ObjectMeta{GenerateName: "train-", Namespace: train.Namespace, Labels: train.Labels}
	l := &load{tenant: tenant, admin: as(t, cluster.Admin), train: train, resident: train.DeepCopy()}
	must(t, l.tenant.Create(t.Context(), l.resident))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range senders {
		running.Go(func() {
			for ctx.Err() == nil {
				l.once(context.WithoutCancel(ctx)) // or a pod would be left
			}
		})
	}
	l.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(l.stop)
	return l
}

func (l *load) once(ctx context.Context) {
	n := l.sent.Add(1)
	kind := kinds[n%int64(len(kinds))]
	if err := kind.send(l, ctx, n); err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.failures = append(l.failures, kind.name+": "+err.Error())
	}
}

func (l *load) create(ctx context.Context, pod *corev1.Pod, options ...client.CreateOption) error {
	if err := l.tenant.Create(ctx, pod, options...); err != nil {
		return err
	}
	if pod.Spec.NodeSelector["polyaxon"] != "experiments" {
		return fmt.Errorf("the pod was taken and not placed: spec.nodeSelector is %v", pod.Spec.NodeSelector)
	}
	return nil
}
