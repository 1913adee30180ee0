// Package cluster gathers the facts of a live cluster that a decision needs and a request lacks.
package cluster

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/tools/cache"

	"github.com/polymoat/polymoat/internal/landing"
)

// Nodes knows the nodes of a cluster by name. It keeps names, labels and taints, and nothing else of a node: a node with
// its images and conditions is 20 KiB, this is 1 KiB.
type Nodes struct {
	store    cache.Store
	informer cache.Controller
}

// NewNodes prepares the cache. kubeconfig is a file, or empty in a pod: its service account is used then. Run fills it.
func NewNodes(kubeconfig string) (*Nodes, error) {
	client, err := connect(kubeconfig)
	if err != nil {
		return nil, err
	}
	n := &Nodes{}
	n.store, n.informer = cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "nodes", metav1.NamespaceAll, fields.Everything()),
		ObjectType:    &corev1.Node{},
		Handler:       cache.ResourceEventHandlerFuncs{},
		Transform:     strip,
	})
	return n, nil
}

// Run keeps the cache up to date until the context is done.
func (n *Nodes) Run(ctx context.Context) { n.informer.RunWithContext(ctx) }

// Synced says whether the nodes have been listed once.
func (n *Nodes) Synced() bool { return n.informer.HasSynced() }

// Get returns the node of that name, if it is known. Its labels and taints are shared: they must not be modified.
func (n *Nodes) Get(name string) (landing.Node, bool) {
	found, ok, err := n.store.GetByKey(name)
	if err != nil || !ok {
		return landing.Node{}, false
	}
	node := found.(*corev1.Node)
	return landing.Node{Name: node.Name, Labels: node.Labels, Taints: node.Spec.Taints}, true
}

// strip leaves of a node what Get returns, and the version that the informer compares.
func strip(object any) (any, error) {
	node, ok := object.(*corev1.Node)
	if !ok {
		return object, nil // a tombstone: it is about to go
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: node.Name, UID: node.UID, ResourceVersion: node.ResourceVersion, Labels: node.Labels},
		Spec:       corev1.NodeSpec{Taints: node.Spec.Taints},
	}, nil
}
