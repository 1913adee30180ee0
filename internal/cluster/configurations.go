package cluster

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/policy"
)

// Configurations knows polymoat's own webhook configurations, the mutating and the validating one of the same name: what
// an API server trusts when it calls this server. It watches those two by name, and no others.
type Configurations struct {
	watches []*configurationWatch
	changed chan struct{}
}

// ConfigurationState says how much is known of a webhook configuration.
type ConfigurationState int

const (
	// Unlisted is a configuration that the API server has not been heard of yet.
	Unlisted ConfigurationState = iota
	// Forbidden is one that RBAC lets this server not read.
	Forbidden
	// Missing is one that does not exist.
	Missing
	// Present is one whose webhooks are known.
	Present
)

// Configuration is what is known of one webhook configuration.
type Configuration struct {
	Kind, Name string // "MutatingWebhookConfiguration", "polymoat"
	State      ConfigurationState
	Webhooks   []Webhook // in their order
}

// Webhook is one webhook of a configuration, as far as TLS is concerned, and what becomes of requests without it.
type Webhook struct {
	Name          string // "mutate.polymoat.io"
	ClientConfig  admissionregistrationv1.WebhookClientConfig
	FailurePolicy admissionregistrationv1.FailurePolicyType
	// Groups says whether it is asked about PodGroups that are created.
	Groups bool
}

// configurationWatch is one of the two watches.
type configurationWatch struct {
	kind, resource, name string
	client               rest.Interface
	informer             cache.SharedIndexInformer
	forbidden            atomic.Bool
}

// NewConfigurations prepares to watch. kubeconfig is a file, or empty in a pod: its service account is used then.
func NewConfigurations(kubeconfig, name string) (*Configurations, error) {
	client, err := Connect(kubeconfig)
	if err != nil {
		return nil, err
	}
	return newConfigurations(client, name)
}

func newConfigurations(client kubernetes.Interface, name string) (*Configurations, error) {
	c := &Configurations{changed: make(chan struct{}, 1)}
	api := client.AdmissionregistrationV1().RESTClient()
	mutating := &configurationWatch{kind: "MutatingWebhookConfiguration", resource: "mutatingwebhookconfigurations", name: name, client: api}
	validating := &configurationWatch{kind: "ValidatingWebhookConfiguration", resource: "validatingwebhookconfigurations", name: name, client: api}
	mutating.watch(&admissionregistrationv1.MutatingWebhookConfiguration{}, c.changed)
	validating.watch(&admissionregistrationv1.ValidatingWebhookConfiguration{}, c.changed)
	c.watches = []*configurationWatch{mutating, validating}
	for _, w := range c.watches {
		if _, err := w.informer.AddEventHandler(Signal(c.changed)); err != nil {
			return nil, fmt.Errorf("watch %s %q: %w", w.kind, name, err)
		}
	}
	return c, nil
}

// watch prepares the informer of one object, by its name: RBAC may then allow that name alone.
func (w *configurationWatch) watch(object runtime.Object, changed chan<- struct{}) {
	note := func(err error) {
		if forbidden := apierrors.IsForbidden(err); w.forbidden.Swap(forbidden) != forbidden {
			send(changed)
		}
	}
	byName := fields.OneTermEqualSelector("metadata.name", w.name)
	lw := cache.NewListWatchFromClient(w.client, w.resource, metav1.NamespaceAll, byName)
	w.informer = cache.NewSharedIndexInformer(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list, err := lw.ListWithContext(ctx, o)
			note(err)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			events, err := lw.WatchWithContext(ctx, o)
			note(err)
			return events, err
		},
	}, object, 0, cache.Indexers{})
}

// Run keeps what is known up to date until the context is done.
func (c *Configurations) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, w := range c.watches {
		running.Go(func() { w.informer.RunWithContext(ctx) })
		// A configuration that is not there makes no event.
		running.Go(func() {
			if cache.WaitForCacheSync(ctx.Done(), w.informer.HasSynced) {
				send(c.changed)
			}
		})
	}
	running.Wait()
}

// Changed gets a value after every change, and after the first listing of what is there.
func (c *Configurations) Changed() <-chan struct{} { return c.changed }

// List is what is known now, the mutating configuration first.
func (c *Configurations) List() []Configuration {
	var list []Configuration
	for _, w := range c.watches {
		list = append(list, w.configuration())
	}
	return list
}

func (w *configurationWatch) configuration() Configuration {
	c := Configuration{Kind: w.kind, Name: w.name}
	object := w.object()
	switch {
	case w.forbidden.Load():
		c.State = Forbidden
	case !w.informer.HasSynced():
		c.State = Unlisted
	case object == nil:
		c.State = Missing
	default:
		c.State, c.Webhooks = Present, webhooks(object)
	}
	return c
}

// object is the configuration as it is cached; nil where there is none.
func (w *configurationWatch) object() metav1.Object {
	found, ok, err := w.informer.GetStore().GetByKey(w.name)
	if err != nil || !ok {
		return nil
	}
	return found.(metav1.Object)
}

func webhooks(object metav1.Object) []Webhook {
	var list []Webhook
	switch o := object.(type) {
	case *admissionregistrationv1.MutatingWebhookConfiguration:
		for _, w := range o.Webhooks {
			list = append(list, Webhook{w.Name, w.ClientConfig, ptr.Deref(w.FailurePolicy, admissionregistrationv1.Fail), asksForGroups(w.Rules)})
		}
	case *admissionregistrationv1.ValidatingWebhookConfiguration:
		for _, w := range o.Webhooks {
			list = append(list, Webhook{w.Name, w.ClientConfig, ptr.Deref(w.FailurePolicy, admissionregistrationv1.Fail), asksForGroups(w.Rules)})
		}
	}
	return list
}

// Signal sends to the channel, if nothing waits there yet, whenever something changes.
func Signal(changed chan<- struct{}) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { send(changed) },
		UpdateFunc: func(any, any) { send(changed) },
		DeleteFunc: func(any) { send(changed) },
	}
}

func send(changed chan<- struct{}) {
	select {
	case changed <- struct{}{}:
	default:
	}
}

// asksForGroups says whether one of the rules reaches new PodGroups.
func asksForGroups(rules []admissionregistrationv1.RuleWithOperations) bool {
	has := func(list []string, value string) bool {
		return slices.Contains(list, value) || slices.Contains(list, "*")
	}
	return slices.ContainsFunc(rules, func(r admissionregistrationv1.RuleWithOperations) bool {
		created := slices.Contains(r.Operations, admissionregistrationv1.Create) || slices.Contains(r.Operations, admissionregistrationv1.OperationAll)
		return created && has(r.APIGroups, policy.GroupAPI) && has(r.Resources, "podgroups")
	})
}
