package drill

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	OfNode  Fate = "of-node" // it belongs to its node, and is missed by nobody
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

// tally counts what became of a pod in all courses.
type tally struct {
	returned int
	nodes    map[int]bool
	evicts   map[*Pod]bool
	by       *arrival // that evicted it
	why      string
	reasons  []Reason
}

// hold holds the drill many times, and says what came of it.
func (d *drill) hold(lost []string) Report {
	tallies := map[*Pod]*tally{} // by the pod that was there
	for i := range courses {
		c := chance{rand.New(rand.NewPCG(uint64(i), 0)), i}
		h := d.begin(c)
		h.run(c)
		h.tally(tallies)
	}
	r := Report{Lost: lost, Returns: true, Pods: []Outcome{}, Budgets: d.breached()}
	for p, t := range tallies {
		if p.Core {
			r.Pods = append(r.Pods, d.outcome(p, t))
		}
	}
	for _, p := range d.gone {
		o := d.outcome(p, nil)
		if o.Fate, o.Why = Gone, p.Why; p.Why == ofItsNode {
			o.Fate = OfNode
		}
		r.Pods = append(r.Pods, o)
	}
	for _, o := range r.Pods {
		r.Returns = r.Returns && (o.Fate == Returns || o.Fate == OfNode)
	}
	slices.SortFunc(r.Pods, func(a, b Outcome) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return r
}

// tally adds one course.
func (h *held) tally(tallies map[*Pod]*tally) {
	of := func(a *arrival) *tally {
		if tallies[a.old] == nil {
			tallies[a.old] = &tally{nodes: map[int]bool{}, evicts: map[*Pod]bool{}}
		}
		return tallies[a.old]
	}
	for _, p := range h.placed {
		of(p.arrival).returned++
		of(p.arrival).nodes[p.at] = true
	}
	for _, a := range h.waiting {
		if t := of(a); t.why == "" {
			t.why, t.reasons = h.explain(a)
		}
	}
	for a, victims := range h.victims {
		for _, v := range victims {
			of(a).evicts[v] = true
			if again := h.arrived[v]; again != nil {
				of(again).by = a
			}
		}
	}
}

// outcome is what all courses come to for a pod.
func (d *drill) outcome(p *Pod, t *tally) Outcome {
	o := Outcome{Namespace: p.Namespace, Name: p.Name, Node: p.Spec.NodeName}
	if controller := metav1.GetControllerOfNoCopy(&p.Pod); controller != nil {
		o.Controller = controller.Kind + "/" + controller.Name
	}
	if t == nil {
		return o
	}
	switch t.returned {
	case courses:
		o.Fate = Returns
	case 0:
		o.Fate = Pending
	default:
		o.Fate = Depends
	}
	o.Why, o.Reasons = t.why, t.reasons
	for _, i := range slices.Sorted(maps.Keys(t.nodes)) {
		o.Nodes = append(o.Nodes, d.nodes[i].Name)
	}
	for v := range t.evicts {
		o.Evicts = append(o.Evicts, v.Namespace+"/"+v.Name)
	}
	slices.Sort(o.Evicts)
	if t.by != nil {
		o.EvictedFor = t.by.pod.Namespace + "/" + t.by.pod.Name
	}
	return o
}

// explain says why a pod still waits: what is nearest to room for it first.
func (h *held) explain(a *arrival) (string, []Reason) {
	if o := h.behind(a); o != nil {
		return fmt.Sprintf("its StatefulSet does not create it before %q runs", o.pod.Name), nil
	}
	if a.never != "" {
		return a.never, nil
	}
	byReason := map[reason][]string{}
	l := h.look(a)
	for i, n := range h.nodes {
		if h.lost[i] {
			continue
		}
		why, ok := a.why[i]
		if !ok {
			why = h.refuses(a, i, l)
		}
		byReason[why] = append(byReason[why], n.Name)
	}
	if len(byReason) == 0 {
		return "no node is left", nil
	}
	order := slices.SortedFunc(maps.Keys(byReason), func(x, y reason) int {
		return cmp.Or(-cmp.Compare(x.rank, y.rank), cmp.Compare(byReason[x][0], byReason[y][0]), cmp.Compare(x.text, y.text))
	})
	var reasons []Reason
	var text []string
	for _, r := range order {
		reasons = append(reasons, Reason{r.text, byReason[r]})
		text = append(text, some(byReason[r])+": "+r.text)
	}
	return strings.Join(text, "; "), reasons
}

// some names the first of several nodes.
func some(nodes []string) string {
	switch len(nodes) {
	case 1:
		return nodes[0]
	case 2:
		return nodes[0] + " and " + nodes[1]
	}
	return fmt.Sprintf("%s and %d others", nodes[0], len(nodes)-1)
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
