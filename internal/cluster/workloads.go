package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/polymoat/polymoat/internal/policy"
)

// workloadTimeout is how long the API server may take to answer for a workload that has not been seen yet.
const workloadTimeout = 3 * time.Second

// coreIndex finds the workloads that are core, by namespace. A namespace of runs has thousands that are not.
const coreIndex = "core"

// Workloads knows which workloads of the governed namespaces are Polyaxon itself. Of the others it keeps names.
type Workloads struct {
	policy  *policy.Policy
	sources []workloadSource
	claims  claimSource
}

// workloadSource is one kind of workload.
type workloadSource struct {
	kind      schema.GroupKind
	resource  string
	client    rest.Interface
	empty     runtime.Object
	stores    map[string]cache.Indexer // by namespace
	informers []cache.Controller
}

// knownWorkload is what is kept of a workload. It never changes.
type knownWorkload struct {
	metav1.ObjectMeta // name, uid and version, which the informer looks at
	core              *policy.CoreWorkload
}

// NewWorkloads prepares the cache. kubeconfig is a file, or empty in a pod: its service account is used then. Run fills
// it.
func NewWorkloads(kubeconfig string, p *policy.Policy) (*Workloads, error) {
	client, err := Connect(kubeconfig)
	if err != nil {
		return nil, err
	}
	claims := claimSource{client: client.CoreV1().RESTClient(), stores: map[string]cache.Store{}}
	for _, namespace := range p.Namespaces() {
		claims.watch(namespace)
	}
	w := &Workloads{p, workloadSources(client), claims}
	for i := range w.sources {
		for _, namespace := range p.Namespaces() {
			w.sources[i].watch(namespace, w.keep)
		}
	}
	return w, nil
}

func workloadSources(client *kubernetes.Clientset) []workloadSource {
	apps, batch := client.AppsV1().RESTClient(), client.BatchV1().RESTClient()
	source := func(resource string, client rest.Interface, empty runtime.Object) workloadSource {
		live, _ := policy.Live(empty)
		return workloadSource{kind: live.Kind, resource: resource, client: client, empty: empty, stores: map[string]cache.Indexer{}}
	}
	return []workloadSource{
		source("deployments", apps, &appsv1.Deployment{}), source("replicasets", apps, &appsv1.ReplicaSet{}),
		source("statefulsets", apps, &appsv1.StatefulSet{}), source("daemonsets", apps, &appsv1.DaemonSet{}),
		source("jobs", batch, &batchv1.Job{}),
	}
}

func (s *workloadSource) watch(namespace string, keep cache.TransformFunc) {
	store, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(s.client, s.resource, namespace, fields.Everything()),
		ObjectType:    s.empty,
		Handler:       cache.ResourceEventHandlerFuncs{},
		Indexers: cache.Indexers{coreIndex: func(object any) ([]string, error) {
			if known, ok := object.(*knownWorkload); ok && known.core != nil {
				return []string{coreIndex}, nil
			}
			return nil, nil
		}},
		Transform: keep,
	})
	s.stores[namespace] = store.(cache.Indexer)
	s.informers = append(s.informers, informer)
}

// keep is what is kept of a workload.
func (w *Workloads) keep(object any) (any, error) {
	live, ok := policy.Live(object)
	if !ok {
		return object, nil // a tombstone, which is about to go, or kept already
	}
	known := &knownWorkload{ObjectMeta: metav1.ObjectMeta{
		Namespace: live.Namespace, Name: live.Name, UID: live.UID, ResourceVersion: object.(metav1.Object).GetResourceVersion(),
	}}
	if core, ok := w.policy.CoreWorkload(live); ok {
		known.core = &core
	}
	return known, nil
}

// Run keeps the cache up to date until the context is done.
func (w *Workloads) Run(ctx context.Context) {
	var group sync.WaitGroup
	for _, s := range w.sources {
		for _, informer := range s.informers {
			group.Go(func() { informer.RunWithContext(ctx) })
		}
	}
	for _, informer := range w.claims.informers {
		group.Go(func() { informer.RunWithContext(ctx) })
	}
	group.Wait()
}

// Synced says whether the workloads of all namespaces have been listed once. Their claims may come later.
func (w *Workloads) Synced() bool {
	for _, s := range w.sources {
		for _, informer := range s.informers {
			if !informer.HasSynced() {
				return false
			}
		}
	}
	return true
}

// Core are the workloads of a namespace that are Polyaxon itself, as far as they have been seen. It is not nil where
// there are none.
func (w *Workloads) Core(namespace string) []policy.CoreWorkload {
	list := []policy.CoreWorkload{}
	for _, s := range w.sources {
		store := s.stores[namespace]
		if store == nil {
			return nil
		}
		found, _ := store.ByIndex(coreIndex, coreIndex) // the index is there
		for _, object := range found {
			core := *object.(*knownWorkload).core
			list = append(list, core.WithOncePod(func(claim string) bool { return w.claims.oncePod(namespace, claim) }))
		}
	}
	return list
}

// Confirm returns the workload that controls an object, if it is core: one that has not been seen yet is asked for,
// because an object may come sooner than the news of its owner. It is nil where the owner is not core, not there, or
// of another kind. The error says that nobody answered, or not in time.
func (w *Workloads) Confirm(ctx context.Context, namespace string, owner *metav1.OwnerReference) (*policy.CoreWorkload, error) {
	for _, s := range w.sources {
		if owner == nil || schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind).GroupKind() != s.kind || s.stores[namespace] == nil {
			continue
		}
		found, ok, _ := s.stores[namespace].GetByKey(namespace + "/" + owner.Name) // its key function does not fail
		if known, _ := found.(*knownWorkload); ok && known.UID == owner.UID && known.core != nil {
			return known.core, nil
		}
		return w.ask(ctx, s, namespace, owner)
	}
	return nil, nil
}

func (w *Workloads) ask(ctx context.Context, s workloadSource, namespace string, owner *metav1.OwnerReference) (*policy.CoreWorkload, error) {
	if len(content.IsPathSegmentName(owner.Name)) > 0 {
		return nil, nil // no object is called so, and the URL of one would lead elsewhere
	}
	ctx, cancel := context.WithTimeout(ctx, workloadTimeout)
	defer cancel()
	found, err := s.client.Get().Namespace(namespace).Resource(s.resource).Name(owner.Name).Do(ctx).Get()
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %q: %w", s.resource, owner.Name, err)
	}
	live, _ := policy.Live(found)
	core, ok := w.policy.CoreWorkload(live)
	if !ok || live.UID != owner.UID {
		return nil, nil
	}
	return &core, nil
}
