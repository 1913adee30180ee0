package cluster

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"unique"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/polymoat/polymoat/internal/landing"
)

const (
	// mostShapes is how many shapes of nodes are taken without a doubt. Where there are more, a label is looked for that
	// does not describe nodes but tells them apart.
	mostShapes = 256
	// mostValues is how many values a label may have that describes nodes.
	mostValues = 64
)

// census counts the nodes of each shape: those with the same taints, cordoned or not, the same extended resources, and the
// same labels but for those that tell nodes apart, such as kubernetes.io/hostname. Thousands of nodes come in some dozens of shapes, so that
// trying a pod on each shape costs the same in a small and in a large cluster.
type census struct {
	mu     sync.Mutex
	nodes  map[string]*node
	shapes map[string]*shape // by their key
	// individual are the keys of labels that are no part of a shape. A key is only ever added.
	individual map[unique.Handle[string]]bool
	names      map[label][]string // of the nodes that carry an individual label with that value
	limit      int                // with more shapes, more individual labels are looked for
	groups     []landing.Group    // the shapes; nil after a change. It is replaced, never modified
}

// shape is nodes that are alike.
type shape struct {
	node  landing.Node // without individual labels, and nameless
	count int
	at    int // where it stands in the groups of the census
}

// nameless is the name that stands for those of all nodes of a shape: no node is called so. Without any, the scheduler's
// functions pass over what a pod asks of names.
const nameless = "*"

func newCensus() *census {
	return &census{
		nodes: map[string]*node{}, shapes: map[string]*shape{}, limit: mostShapes,
		individual: map[unique.Handle[string]]bool{unique.Make(corev1.LabelHostname): true}, names: map[label][]string{},
	}
}

// handler keeps the census up to date. The informer calls it before it says that it has synced.
func (c *census) handler() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    c.set,
		UpdateFunc: func(_, object any) { c.set(object) },
		DeleteFunc: func(object any) {
			if name, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
				c.remove(name)
			}
		},
	}
}

// set adds a node, or replaces the one of its name.
func (c *census) set(object any) {
	n, ok := object.(*node)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.nodes[n.Name]; old != nil {
		if slices.Equal(old.labels, n.labels) && c.key(old) == c.key(n) { // a heartbeat, mostly
			c.nodes[n.Name] = n
			return
		}
		c.leave(old)
	}
	c.nodes[n.Name] = n
	c.join(n)
	if len(c.shapes) > c.limit {
		c.regroup()
	}
}

func (c *census) remove(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.nodes[name]; old != nil {
		delete(c.nodes, name)
		c.leave(old)
	}
}

// join counts a node among its like.
func (c *census) join(n *node) {
	key := c.key(n)
	s := c.shapes[key]
	if s == nil {
		s = &shape{node: c.shared(n)}
		c.shapes[key] = s
	}
	s.count++
	c.groups = nil
	for _, l := range n.labels {
		if c.individual[l.key] {
			c.names[l] = append(c.names[l], n.Name)
		}
	}
}

// leave takes back what join did.
func (c *census) leave(n *node) {
	key := c.key(n)
	c.shapes[key].count--
	if c.shapes[key].count == 0 {
		delete(c.shapes, key)
	}
	c.groups = nil
	for _, l := range n.labels {
		if !c.individual[l.key] {
			continue
		}
		c.names[l] = slices.DeleteFunc(c.names[l], func(name string) bool { return name == n.Name })
		if len(c.names[l]) == 0 {
			delete(c.names, l)
		}
	}
}

// key is equal for nodes of one shape. What separates its parts can be in no label and no taint.
func (c *census) key(n *node) string {
	var b []byte
	for _, l := range n.labels {
		if !c.individual[l.key] {
			b = append(append(append(append(b, l.key.Value()...), '='), l.value.Value()...), '\n')
		}
	}
	for _, t := range n.allTaints() {
		b = append(append(b, t.ToString()...), '\n')
	}
	for _, name := range slices.Sorted(maps.Keys(n.extended)) {
		b = fmt.Appendf(b, "%s %d\n", name, n.extended[name])
	}
	return string(b)
}

// shared is what nodes of one shape have in common.
func (c *census) shared(n *node) landing.Node {
	node := n.unpack()
	maps.DeleteFunc(node.Labels, func(key, _ string) bool { return c.individual[unique.Make(key)] })
	return landing.Node{Name: nameless, Labels: node.Labels, Taints: n.allTaints(), Extended: n.extended}
}

// regroup drops from the shapes what has so many values that it cannot describe nodes (nvidia.com/gfd.timestamp), and
// counts again.
func (c *census) regroup() {
	values := map[unique.Handle[string]]map[unique.Handle[string]]bool{}
	for _, n := range c.nodes {
		for _, l := range n.labels {
			if values[l.key] == nil {
				values[l.key] = map[unique.Handle[string]]bool{}
			}
			values[l.key][l.value] = true
		}
	}
	for key, different := range values {
		if len(different) > mostValues {
			c.individual[key] = true
		}
	}
	c.shapes, c.names = map[string]*shape{}, map[label][]string{}
	for _, n := range c.nodes {
		c.join(n)
	}
	// A cluster may really have as many: then this is not done again for each node, but when they have doubled.
	c.limit = max(mostShapes, 2*len(c.shapes))
}
