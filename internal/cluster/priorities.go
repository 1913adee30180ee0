package cluster

import (
	"context"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/policy"
)

// Priorities knows the PriorityClasses of a cluster, and the lowest priority of the core pods in the governed namespaces.
// Of other pods it keeps names.
type Priorities struct {
	classes   cache.Store
	pods      []cache.Indexer
	informers []cache.Controller // that of the classes first

	// known is made anew after a change, and not for each review.
	gathering sync.Mutex
	known     *policy.Priorities
	stale     atomic.Bool
}

// corePod is what is kept of a pod. It never changes.
type corePod struct {
	metav1.ObjectMeta        // name and version, which the informer looks at
	priority          *int32 // nil of one that is not core
}

// NewPriorities prepares the cache. kubeconfig is a file, or empty in a pod: its service account is used then. Run fills it.
func NewPriorities(kubeconfig string, p *policy.Policy) (*Priorities, error) {
	client, err := Connect(kubeconfig)
	if err != nil {
		return nil, err
	}
	known := &Priorities{}
	known.stale.Store(true)
	note := func() { known.stale.Store(true) }
	changed := cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { note() }, UpdateFunc: func(any, any) { note() }, DeleteFunc: func(any) { note() },
	}
	classes, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(client.SchedulingV1().RESTClient(), "priorityclasses", metav1.NamespaceAll, fields.Everything()),
		ObjectType:    &schedulingv1.PriorityClass{}, Handler: changed,
	})
	known.classes, known.informers = classes, append(known.informers, informer)
	for _, namespace := range p.Namespaces() {
		pods, informer := cache.NewInformerWithOptions(cache.InformerOptions{
			ListerWatcher: cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "pods", namespace, alive),
			ObjectType:    &corev1.Pod{}, Indexers: cache.Indexers{coreIndex: isCorePod},
			Handler: cache.FilteringResourceEventHandler{Handler: changed, FilterFunc: func(object any) bool {
				pod, kept := object.(*corePod)
				return !kept || pod.priority != nil
			}},
			Transform: func(object any) (any, error) { return keepCorePod(p, object), nil },
		})
		known.pods, known.informers = append(known.pods, pods.(cache.Indexer)), append(known.informers, informer)
	}
	return known, nil
}

func isCorePod(object any) ([]string, error) {
	if pod, ok := object.(*corePod); ok && pod.priority != nil {
		return []string{coreIndex}, nil
	}
	return nil, nil
}

func keepCorePod(p *policy.Policy, object any) any {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return object // a tombstone, which is about to go, or kept already
	}
	kept := &corePod{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, ResourceVersion: pod.ResourceVersion}}
	if p.IsCore(pod) {
		kept.priority = ptr.To(ptr.Deref(pod.Spec.Priority, 0))
	}
	return kept
}

// Run keeps the cache up to date until the context is done.
func (p *Priorities) Run(ctx context.Context) {
	var group sync.WaitGroup
	for _, informer := range p.informers {
		group.Go(func() { informer.RunWithContext(ctx) })
	}
	group.Wait()
}

// Synced says whether all PriorityClasses are known: core pods can be given theirs.
func (p *Priorities) Synced() bool { return p.informers[0].HasSynced() }

// Known is what is known; nil as long as the classes have not been listed once. It must not be modified.
func (p *Priorities) Known() *policy.Priorities {
	if !p.Synced() {
		return nil
	}
	p.gathering.Lock()
	defer p.gathering.Unlock()
	if p.stale.Swap(false) {
		p.known = p.gather()
	}
	return p.known
}

func (p *Priorities) gather() *policy.Priorities {
	known := &policy.Priorities{Classes: map[string]policy.PriorityClass{}}
	for _, informer := range p.informers[1:] {
		if !informer.HasSynced() {
			p.stale.Store(true) // until it has
			known.Unlisted = true
		}
	}
	for _, object := range p.classes.List() {
		class := object.(*schedulingv1.PriorityClass)
		known.Classes[class.Name] = policy.ClassOf(class)
	}
	for _, pods := range p.pods {
		found, _ := pods.ByIndex(coreIndex, coreIndex) // the index is there
		for _, object := range found {
			known.Count(*object.(*corePod).priority)
		}
	}
	return known
}
