package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"

	"github.com/polymoat/polymoat/internal/polyaxon"
)

// ownerTimeout is how long the API server may take to answer for an owner that is not known yet.
const ownerTimeout = 3 * time.Second

// Owners knows the resources that Polyaxon makes pods of: their names, and of their labels and annotations those that are
// asked about.
type Owners struct {
	client    metadata.Interface
	informers map[schema.GroupVersionResource]cache.SharedIndexInformer
}

// NewOwners prepares the cache. kubeconfig is a file, or empty in a pod: its service account is used then. keep says of
// which labels and annotations an owner is asked. Run fills the cache.
func NewOwners(kubeconfig string, keep func(key string) bool) (*Owners, error) {
	config, err := Configure(kubeconfig)
	if err != nil {
		return nil, err
	}
	client, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	o := &Owners{client, map[schema.GroupVersionResource]cache.SharedIndexInformer{}}
	for _, r := range polyaxon.Resources {
		if o.informers[r.GroupVersionResource], err = watchOwners(client.Resource(r.GroupVersionResource), keep); err != nil {
			return nil, fmt.Errorf("watch %s: %w", r.GroupResource(), err)
		}
	}
	return o, nil
}

// watchOwners prepares the cache of one resource. One that the cluster does not have, or not yet, is asked for again every
// half a minute, and that is no news.
func watchOwners(client metadata.ResourceInterface, keep func(string) bool) (cache.SharedIndexInformer, error) {
	informer := cache.NewSharedIndexInformer(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return client.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return client.Watch(ctx, options)
		},
	}, &metav1.PartialObjectMetadata{}, 0, cache.Indexers{})
	err := informer.SetWatchErrorHandlerWithContext(func(ctx context.Context, r *cache.Reflector, err error) {
		if !apierrors.IsNotFound(err) {
			cache.DefaultWatchErrorHandler(ctx, r, err)
		}
	})
	if err != nil {
		return nil, err
	}
	return informer, informer.SetTransform(func(object any) (any, error) {
		if full, ok := object.(*metav1.PartialObjectMetadata); ok {
			return stripOwner(full, keep), nil
		}
		return object, nil // a tombstone, which is about to go
	})
}

// stripOwner keeps of a resource what Find returns, and what the informer looks at.
func stripOwner(full *metav1.PartialObjectMetadata, keep func(string) bool) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Namespace: full.Namespace, Name: full.Name, ResourceVersion: full.ResourceVersion,
		Labels: kept(full.Labels, keep), Annotations: kept(full.Annotations, keep),
	}}
}

func kept(values map[string]string, keep func(string) bool) map[string]string {
	var some map[string]string
	for key, value := range values {
		if keep(key) {
			if some == nil {
				some = map[string]string{}
			}
			some[key] = value
		}
	}
	return some
}

// Run keeps the cache up to date until the context is done.
func (o *Owners) Run(ctx context.Context) {
	var group sync.WaitGroup
	for _, informer := range o.informers {
		group.Go(func() { informer.RunWithContext(ctx) })
	}
	group.Wait()
}

// Known returns the owner of a run's pod where it has been seen; nil elsewhere.
func (o *Owners) Known(namespace string, pod *corev1.Pod) *polyaxon.Owner {
	for _, ref := range polyaxon.OwnersOf(pod) {
		found, ok, err := o.informers[ref.Resource].GetStore().GetByKey(namespace + "/" + ref.Name)
		if err == nil && ok {
			return ownerOf(ref, found.(*metav1.PartialObjectMetadata))
		}
	}
	return nil
}

// Find returns the owner of a run's pod; nil where there is none, the cluster has no such resource, or polymoat may not
// see it. A pod may come sooner than the news of its owner: one that has not been seen is asked for. The error says that
// nobody answered, or not in time.
func (o *Owners) Find(ctx context.Context, namespace string, pod *corev1.Pod) (*polyaxon.Owner, error) {
	if owner := o.Known(namespace, pod); owner != nil {
		return owner, nil
	}
	ctx, cancel := context.WithTimeout(ctx, ownerTimeout)
	defer cancel()
	for _, ref := range polyaxon.OwnersOf(pod) {
		found, err := o.client.Resource(ref.Resource).Namespace(namespace).Get(ctx, ref.Name, metav1.GetOptions{})
		switch {
		case err == nil:
			return ownerOf(ref, found), nil
		case !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err):
			return nil, fmt.Errorf("read %s: %w", ref, err)
		}
	}
	return nil, nil
}

func ownerOf(ref polyaxon.Reference, found *metav1.PartialObjectMetadata) *polyaxon.Owner {
	return &polyaxon.Owner{Reference: ref, Labels: found.Labels, Annotations: found.Annotations}
}
