package cluster

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	"github.com/openreports/reports-api/pkg/client/clientset/versioned"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"github.com/polymoat/polymoat/internal/report"
)

// Reports are polymoat's own Reports of OpenReports in some namespaces. A cluster may lack that resource, and get it
// later.
type Reports struct {
	client    versioned.Interface
	informers []cache.SharedIndexInformer
	absent    atomic.Bool // the resource, when it was last asked for
}

// Report is what is kept of a report that is written. It never changes.
type Report struct {
	metav1.ObjectMeta      // namespace, name, UID and version
	Ending            bool // it was deleted, and finalizers hold it
	Digest            string
	Times             report.Times
}

// NewReports prepares the watch. kubeconfig is a file, or empty in a pod: its service account is used then. Run fills the
// cache.
func NewReports(kubeconfig string, namespaces []string) (*Reports, error) {
	config, err := Configure(kubeconfig)
	if err != nil {
		return nil, err
	}
	client, err := versioned.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	r := &Reports{client: client}
	for _, namespace := range namespaces {
		informer, err := r.watch(namespace)
		if err != nil {
			return nil, fmt.Errorf("watch reports: %w", err)
		}
		r.informers = append(r.informers, informer)
	}
	return r, nil
}

// watch prepares the cache of one namespace. A resource that is not there is asked for again every half a minute, and
// that is no news.
func (r *Reports) watch(namespace string) (cache.SharedIndexInformer, error) {
	client := r.client.OpenreportsV1alpha1().Reports(namespace)
	informer := cache.NewSharedIndexInformer(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.LabelSelector = report.ManagedBy + "=" + report.Source
			list, err := client.List(ctx, o)
			return list, r.noted(err)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.LabelSelector = report.ManagedBy + "=" + report.Source
			events, err := client.Watch(ctx, o)
			return events, r.noted(err)
		},
	}, &openreports.Report{}, 0, cache.Indexers{})
	err := informer.SetWatchErrorHandlerWithContext(func(ctx context.Context, reflector *cache.Reflector, err error) {
		if !apierrors.IsNotFound(err) {
			cache.DefaultWatchErrorHandler(ctx, reflector, err)
		}
	})
	if err != nil {
		return nil, err
	}
	return informer, informer.SetTransform(func(object any) (any, error) {
		if full, ok := object.(*openreports.Report); ok {
			return keptReport(full), nil
		}
		return object, nil // a tombstone, which is about to go, or kept already
	})
}

// noted notes whether the resource is there, as far as the answer tells.
func (r *Reports) noted(err error) error {
	if err == nil || apierrors.IsNotFound(err) {
		r.absent.Store(err != nil)
	}
	return err
}

// Run keeps the cache up to date until the context is done.
func (r *Reports) Run(ctx context.Context) {
	var group sync.WaitGroup
	for _, informer := range r.informers {
		group.Go(func() { informer.RunWithContext(ctx) })
	}
	group.Wait()
}

// Absent says whether the cluster lacks the resource.
func (r *Reports) Absent() bool { return r.absent.Load() }

// Synced says whether the reports of all namespaces have been listed once.
func (r *Reports) Synced() bool {
	for _, informer := range r.informers {
		if !informer.HasSynced() {
			return false
		}
	}
	return true
}

// All are the reports that are written, in no order.
func (r *Reports) All() iter.Seq[*Report] {
	return func(yield func(*Report) bool) {
		for _, informer := range r.informers {
			for _, object := range informer.GetStore().List() {
				if !yield(object.(*Report)) {
					return
				}
			}
		}
	}
}

// Create writes a report that is new. What somebody else put under its name is written over: the name tells whose it is.
func (r *Reports) Create(ctx context.Context, wanted *openreports.Report) error {
	report.Date(wanted, nil, now())
	_, err := r.client.OpenreportsV1alpha1().Reports(wanted.Namespace).Create(ctx, wanted, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		err = r.overwrite(ctx, wanted)
	}
	if err != nil {
		return fmt.Errorf("create report %s/%s: %w", wanted.Namespace, wanted.Name, err)
	}
	return nil
}

// overwrite replaces all that stands under the name, finalizers included. It was not listed, for want of our label.
func (r *Reports) overwrite(ctx context.Context, wanted *openreports.Report) error {
	named := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, wanted.Name).String()}
	found, err := r.client.OpenreportsV1alpha1().Reports(wanted.Namespace).List(ctx, named)
	if err != nil {
		return err
	}
	for i := range found.Items {
		if err := r.Update(ctx, keptReport(&found.Items[i]), wanted); err != nil {
			return err
		}
	}
	return nil
}

// Update writes a report over one that says something else. What it said already keeps its time. Where somebody else
// was first, nothing is written: who looks again sees what they did.
func (r *Reports) Update(ctx context.Context, old *Report, wanted *openreports.Report) error {
	report.Date(wanted, old.Times, now())
	wanted.ResourceVersion, wanted.UID = old.ResourceVersion, old.UID
	_, err := r.client.OpenreportsV1alpha1().Reports(wanted.Namespace).Update(ctx, wanted, metav1.UpdateOptions{})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("update report %s/%s: %w", wanted.Namespace, wanted.Name, err)
	}
	return nil
}

// Delete removes a report, unless somebody else was first.
func (r *Reports) Delete(ctx context.Context, old *Report) error {
	err := r.client.OpenreportsV1alpha1().Reports(old.Namespace).Delete(ctx, old.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &old.UID},
	})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("delete report %s/%s: %w", old.Namespace, old.Name, err)
	}
	return nil
}

func now() metav1.Timestamp { return metav1.Timestamp{Seconds: time.Now().Unix()} }

func keptReport(full *openreports.Report) *Report {
	return &Report{
		ObjectMeta: metav1.ObjectMeta{Namespace: full.Namespace, Name: full.Name, UID: full.UID, ResourceVersion: full.ResourceVersion},
		Ending:     full.DeletionTimestamp != nil, Digest: report.Digest(full), Times: report.TimesOf(full),
	}
}
