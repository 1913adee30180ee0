package drill

import (
	"cmp"
	"slices"
)

// Report is what becomes of core. Its fields are a promise to programs: they are only ever added to.
type Report struct {
	Lost    []string  `json:"lost"`    // names of nodes
	Returns bool      `json:"returns"` // all pods of core come back
	Pods    []Outcome `json:"pods"`    // those of core, by namespace and name
	Budgets []Budget  `json:"budgets"` // PodDisruptionBudgets of core that are breached meanwhile
}

// Fate is what becomes of a pod.
type Fate string

// The fates of pods.
const (
	Returns Fate = "returns" // in whatever order pods come
	Depends Fate = "depends" // in some orders only
	Pending Fate = "pending" // in none
	Gone    Fate = "gone"    // no pod comes in its place
	OfNode  Fate = "of-node" // it belongs to its node, and is not missed
)

// Outcome is what becomes of one pod of core.
type Outcome struct {
	Namespace  string   `json:"namespace"`
	Name       string   `json:"name"`
	Controller string   `json:"controller,omitempty"` // "ReplicaSet/polyaxon-api-5d4f"
	Node       string   `json:"node,omitempty"`       // where it is now; empty where it waits already
	Fate       Fate     `json:"fate"`
	Nodes      []string `json:"nodes,omitempty"`      // those that it may come to
	Why        string   `json:"why,omitempty"`        // why it does not come back, or may not
	Reasons    []Reason `json:"reasons,omitempty"`    // the same by node
	Evicts     []string `json:"evicts,omitempty"`     // pods that may be evicted for it, "namespace/name"
	EvictedFor string   `json:"evictedFor,omitempty"` // the pod for which it is evicted itself
}

// Reason is why some nodes do not take a pod.
type Reason struct {
	Text  string   `json:"text"`
	Nodes []string `json:"nodes"`
}

// Budget is a PodDisruptionBudget that nodes going away do not ask.
type Budget struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Asks      int32  `json:"asks"` // how many pods are to be healthy
	Left      int32  `json:"left"` // how many are until others come back
}

// breached are the budgets of core that have too few pods until others come back.
func (d *drill) breached() []Budget {
	all := []Budget{}
	for _, b := range d.Budgets {
		left, hit := b.Status.CurrentHealthy, false
		for _, p := range d.Pods {
			if p.Core && p.at >= 0 && d.lost[p.at] && guards(b, p) {
				left, hit = left-1, true
			}
		}
		if hit && left < b.Status.DesiredHealthy {
			all = append(all, Budget{b.Namespace, b.Name, b.Status.DesiredHealthy, max(left, 0)})
		}
	}
	slices.SortFunc(all, func(a, b Budget) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return all
}
