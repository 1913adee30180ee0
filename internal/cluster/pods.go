package cluster

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
)

// alive selects the pods that have not ended.
var alive = fields.ParseSelectorOrDie("status.phase!=Succeeded,status.phase!=Failed")

// Pods watches the pods of some namespaces that have not ended, and keeps of each what somebody makes of it: a pod is
// 10 KiB and more, and there are many.
type Pods[T any] struct {
	stores    []cache.Store
	informers []cache.Controller
	unseen    []*unseen
}

// judged is what is kept of a pod. It never changes.
type judged[T any] struct {
	metav1.ObjectMeta // name and version, which the informer looks at
	value             T
}

// NewPods prepares the watch. kubeconfig is a file, or empty in a pod: its service account is used then. keep is called
// for each pod that is new or changed, and must not hold on to it. Run fills the cache.
func NewPods[T any](kubeconfig string, namespaces []string, keep func(*corev1.Pod) T) (*Pods[T], error) {
	client, err := Connect(kubeconfig)
	if err != nil {
		return nil, err
	}
	p := &Pods[T]{}
	for _, namespace := range namespaces {
		unseen := &unseen{list: cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "pods", namespace, alive)}
		store, informer := cache.NewInformerWithOptions(cache.InformerOptions{
			ListerWatcher: unseen.listerWatcher(),
			ObjectType:    &corev1.Pod{},
			Handler:       cache.ResourceEventHandlerFuncs{},
			Transform: func(object any) (any, error) {
				pod, ok := object.(*corev1.Pod)
				if !ok {
					return object, nil // a tombstone, which is about to go, or kept already
				}
				meta := metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, ResourceVersion: pod.ResourceVersion}
				return &judged[T]{meta, keep(pod)}, nil
			},
		})
		p.stores, p.informers, p.unseen = append(p.stores, store), append(p.informers, informer), append(p.unseen, unseen)
	}
	return p, nil
}

// Run keeps the cache up to date until the context is done.
func (p *Pods[T]) Run(ctx context.Context) {
	var group sync.WaitGroup
	for _, informer := range p.informers {
		group.Go(func() { informer.RunWithContext(ctx) })
	}
	group.Wait()
}

// Synced says whether the pods of all namespaces have been listed once.
func (p *Pods[T]) Synced() bool {
	for _, informer := range p.informers {
		if !informer.HasSynced() {
			return false
		}
	}
	return true
}

// Unseen is for how long the API server has not let the pods of some namespace be listed or watched; 0 where it does.
func (p *Pods[T]) Unseen() time.Duration {
	var longest time.Duration
	for _, u := range p.unseen {
		if since := u.since.Load(); since != nil {
			longest = max(longest, time.Since(*since))
		}
	}
	return longest
}

// unseen notes since when requests have failed.
type unseen struct {
	list  *cache.ListWatch
	since atomic.Pointer[time.Time] // nil where the last one did not fail
}

func (u *unseen) listerWatcher() cache.ListerWatcher {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list, err := u.list.ListWithContext(ctx, o)
			return list, u.noted(err)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			events, err := u.list.WatchWithContext(ctx, o)
			return events, u.noted(err)
		},
	}
}

func (u *unseen) noted(err error) error {
	if err == nil {
		u.since.Store(nil)
	} else if u.since.Load() == nil {
		u.since.Store(ptr.To(time.Now()))
	}
	return err
}

// All is what is kept of all pods, in no order.
func (p *Pods[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, store := range p.stores {
			for _, object := range store.List() {
				if !yield(object.(*judged[T]).value) {
					return
				}
			}
		}
	}
}
