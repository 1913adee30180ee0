// Package drill says what becomes of Polyaxon when nodes go: which pods of core come back, and where; which stay
// pending, and why. Nothing happens to the cluster: the drill is played in memory.
//
//	cluster := drill.New(facts)
//	report := cluster.Lose([]string{"core-1"})
//
// It decides what the filters of the default scheduler decide: taints and node affinity, resources, host ports, volumes,
// topology spread, affinity between pods, and preemption. The shipped plugin cannot import those filters, so they are
// written here, and a test compares them with the real ones (e2e/scheduler).
//
// In which order pods come back, and which of several nodes a pod gets, is chance. So the drill is repeated, in other
// orders and with other choices. A pod that comes back each time comes back.
//
// Pods that are being deleted count as gone. Not judged: limits of attached volumes, free space of storage classes,
// dynamic resources, and nodes that an autoscaler would add.
package drill

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Facts are what is known of a live cluster. They are read, never modified.
type Facts struct {
	Nodes      []*corev1.Node
	Pods       []*Pod
	Claims     []*corev1.PersistentVolumeClaim
	Volumes    []*corev1.PersistentVolume
	Classes    []*storagev1.StorageClass
	Budgets    []*policyv1.PodDisruptionBudget
	Namespaces map[string]labels.Set // their labels, by name
}

// Cluster is a live cluster, ready for drills.
type Cluster struct {
	Facts
	nodes   []*node
	byName  map[string]int // indices of nodes
	claims  map[string]*corev1.PersistentVolumeClaim
	volumes map[string]*corev1.PersistentVolume
	classes map[string]*storagev1.StorageClass
}

// New prepares drills.
func New(f Facts) *Cluster {
	c := &Cluster{
		Facts: f, byName: map[string]int{}, claims: map[string]*corev1.PersistentVolumeClaim{},
		volumes: map[string]*corev1.PersistentVolume{}, classes: map[string]*storagev1.StorageClass{},
	}
	c.Nodes = slices.SortedFunc(slices.Values(f.Nodes), func(a, b *corev1.Node) int { return cmp.Compare(a.Name, b.Name) })
	for i, n := range c.Nodes {
		c.nodes, c.byName[n.Name] = append(c.nodes, newNode(n)), i
	}
	for _, claim := range f.Claims {
		c.claims[claim.Namespace+"/"+claim.Name] = claim
	}
	for _, volume := range f.Volumes {
		c.volumes[volume.Name] = volume
	}
	for _, class := range f.Classes {
		c.classes[class.Name] = class
	}
	for _, p := range f.Pods {
		p.at = -1
		if i, ok := c.byName[p.Spec.NodeName]; ok && p.DeletionTimestamp == nil {
			p.at = i
			c.nodes[i].add(p)
		}
	}
	return c
}

// Lose says what becomes of core when the nodes of these names go.
func (c *Cluster) Lose(names []string) Report {
	d := &drill{Cluster: c, lost: map[int]bool{}, arrived: map[*Pod]*arrival{}}
	for _, name := range names {
		if i, ok := c.byName[name]; ok {
			d.lost[i] = true
		}
	}
	d.gather()
	return d.hold(names)
}

// drill is one loss of nodes.
type drill struct {
	*Cluster
	lost     map[int]bool
	gone     []*Pod            // pods of core of which none comes back
	arrivals []*arrival        // pods that want a node
	arrived  map[*Pod]*arrival // by the pod that comes, and by one that is evicted
}

// gather finds out which pods want a node. Runs matter only where they may take what a pod of core needs.
func (d *drill) gather() {
	var others []*Pod
	for _, p := range d.Pods {
		switch {
		case !d.concerns(p):
		case p.Comes == nil && p.Core:
			d.gone = append(d.gone, p)
		case p.Comes == nil:
		case p.Core:
			d.arrivals = append(d.arrivals, d.arrive(p))
		case p.at >= 0:
			others = append(others, p)
		}
	}
	wanted := map[int]bool{}
	for _, a := range d.arrivals {
		for _, n := range a.nodes {
			wanted[n] = true
		}
	}
	for _, p := range others {
		a := d.arrive(p)
		if slices.ContainsFunc(a.nodes, func(n int) bool { return wanted[n] }) {
			d.arrivals = append(d.arrivals, a)
		}
	}
	slices.SortStableFunc(d.arrivals, func(a, b *arrival) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(a.pod.Namespace, b.pod.Namespace), cmp.Compare(a.pod.Name, b.pod.Name))
	})
}

// concerns says whether the pod is on a node that goes, or waits for one.
func (d *drill) concerns(p *Pod) bool {
	return p.DeletionTimestamp == nil && (p.at >= 0 && d.lost[p.at] || p.Spec.NodeName == "")
}
