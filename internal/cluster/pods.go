package cluster

import (
	"context"
	"iter"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/tools/cache"
)

// alive selects the pods that have not ended.
var alive = fields.ParseSelectorOrDie("status.phase!=Succeeded,status.phase!=Failed")

// Pods watches the pods of some namespaces that have not ended, and keeps of each what somebody makes of it: a pod is
// 10 KiB and more, and there are many.
type Pods[T any] struct {
	stores    []cache.Store
	informers []cache.Controller
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
		store, informer := cache.NewInformerWithOptions(cache.InformerOptions{
			ListerWatcher: cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "pods", namespace, alive),
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
		p.stores, p.informers = append(p.stores, store), append(p.informers, informer)
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
