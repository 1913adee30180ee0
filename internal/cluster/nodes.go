// Package cluster gathers the facts of a live cluster that a decision needs and a request lacks.
package cluster

import (
	"context"
	"iter"
	"maps"
	"slices"
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/tools/cache"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
)

// Nodes knows the nodes of a cluster by name, and how many are alike. It keeps names, labels, taints and extended resources,
// and whether a node is cordoned, and nothing else: a node with its images and conditions is 20 KiB, this is 1 KiB (BenchmarkMemory).
type Nodes struct {
	store    cache.Store
	informer cache.Controller
	census   *census
}

// NewNodes prepares the cache. kubeconfig is a file, or empty in a pod: its service account is used then. Run fills it.
func NewNodes(kubeconfig string) (*Nodes, error) {
	client, err := Connect(kubeconfig)
	if err != nil {
		return nil, err
	}
	n := &Nodes{census: newCensus()}
	n.store, n.informer = cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "nodes", metav1.NamespaceAll, fields.Everything()),
		ObjectType:    &corev1.Node{},
		Handler:       n.census.handler(),
		Transform:     strip,
	})
	return n, nil
}

// Run keeps the cache up to date until the context is done.
func (n *Nodes) Run(ctx context.Context) { n.informer.RunWithContext(ctx) }

// Synced says whether the nodes have been listed once.
func (n *Nodes) Synced() bool { return n.informer.HasSynced() }

// Get returns the node of that name, if it is known.
func (n *Nodes) Get(name string) (landing.Node, bool) {
	found, ok, err := n.store.GetByKey(name)
	if err != nil || !ok {
		return landing.Node{}, false
	}
	return found.(*node).unpack(), true
}

// All are all nodes that are known, in no order.
func (n *Nodes) All() iter.Seq[landing.Node] {
	return func(yield func(landing.Node) bool) {
		for _, object := range n.store.List() {
			if !yield(object.(*node).unpack()) {
				return
			}
		}
	}
}

// Groups are all nodes, those together that the pod cannot tell apart. Nothing is looked at before they are ranged over.
func (n *Nodes) Groups(c landing.Constraints) iter.Seq[landing.Group] { return n.census.groupsFor(c) }

// node is what is kept of a node. It never changes. Keys and values of labels are the same on many nodes, and are kept once for all.
type node struct {
	metav1.ObjectMeta         // name and version, which the informer looks at
	labels            []label // sorted by key
	taints            []corev1.Taint
	cordoned          bool             // spec.unschedulable
	extended          map[string]int64 // what the node can give in all; nil for most
}

type label struct{ key, value unique.Handle[string] }

// strip packs what Get returns of a node.
func strip(object any) (any, error) {
	full, ok := object.(*corev1.Node)
	if !ok {
		return object, nil // a tombstone, which is about to go, or packed already
	}
	packed := &node{
		ObjectMeta: metav1.ObjectMeta{Name: full.Name, ResourceVersion: full.ResourceVersion},
		labels:     make([]label, 0, len(full.Labels)),
		taints:     make([]corev1.Taint, 0, len(full.Spec.Taints)),
		cordoned:   full.Spec.Unschedulable,
	}
	for _, key := range slices.Sorted(maps.Keys(full.Labels)) {
		packed.labels = append(packed.labels, label{unique.Make(key), unique.Make(full.Labels[key])})
	}
	for _, t := range full.Spec.Taints {
		packed.taints = append(packed.taints, corev1.Taint{
			Key: unique.Make(t.Key).Value(), Value: unique.Make(t.Value).Value(), Effect: t.Effect,
		})
	}
	for name, quantity := range full.Status.Allocatable {
		if !v1alpha1.IsExtended(name) || quantity.Sign() <= 0 {
			continue
		}
		if packed.extended == nil {
			packed.extended = map[string]int64{}
		}
		packed.extended[unique.Make(string(name)).Value()] = quantity.Value()
	}
	return packed, nil
}

func (n *node) unpack() landing.Node {
	labels := make(map[string]string, len(n.labels))
	for _, l := range n.labels {
		labels[l.key.Value()] = l.value.Value()
	}
	return landing.Node{Name: n.Name, Labels: labels, Taints: n.taints, Extended: n.extended}
}

// live is the node as the scheduler takes it now, with the labels that are asked about and no others: making a map of
// all labels is most of what a node costs.
func (n *node) live(asked map[unique.Handle[string]]bool) landing.Node {
	node := landing.Node{Name: n.Name, Labels: map[string]string{}, Taints: n.allTaints(), Extended: n.extended}
	for _, l := range n.labels {
		if asked[l.key] {
			node.Labels[l.key.Value()] = l.value.Value()
		}
	}
	return node
}

// allTaints are the taints of the node, of which being cordoned counts as one.
func (n *node) allTaints() []corev1.Taint {
	cordoned := landing.Cordoned()
	if !n.cordoned || slices.ContainsFunc(n.taints, func(t corev1.Taint) bool { return t.MatchTaint(&cordoned) }) {
		return n.taints
	}
	return append(slices.Clip(n.taints), cordoned)
}
