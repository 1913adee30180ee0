package drill

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
