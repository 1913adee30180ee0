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
	waited  int          // courses at the end of which it has no node
	gone    bool         // it was evicted, and no pod comes in its place
	nodes   map[int]bool // those that it came to
	evicts  map[string]bool
	by      string // the pod that evicted it, the first by name
	why     string
	reasons []Reason
}

// tallies are by the pod that was there.
type tallies map[*Pod]*tally

func (t tallies) of(p *Pod) *tally {
	if t[p] == nil {
		t[p] = &tally{nodes: map[int]bool{}, evicts: map[string]bool{}}
	}
	return t[p]
}

// hold repeats the drill, and says what came of it.
func (d *drill) hold(lost []string) Report {
	all := tallies{}
	for i := range courses {
		c := chance{rand.New(rand.NewPCG(uint64(i), 0)), i}
		h := d.begin(c)
		h.run(c)
		h.tally(all)
	}
	r := Report{Lost: lost, Returns: true, Pods: []Outcome{}, Budgets: d.breached()}
	for p, t := range all {
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
func (h *course) tally(all tallies) {
	for _, p := range h.placed {
		all.of(p.old).nodes[p.at] = true
	}
	for _, a := range h.waiting {
		t := all.of(a.old)
		if t.waited++; t.waited == 1 {
			t.why, t.reasons = h.explain(a)
		}
	}
	for a, victims := range h.victims {
		for _, v := range victims {
			all.of(a.old).evicts[nameOf(v)] = true
			t := all.of(h.before(v))
			if t.gone = v.Comes == nil; t.gone {
				t.why = v.Why
			}
			if by := nameOf(a.pod); t.by == "" || by < t.by {
				t.by = by
			}
		}
	}
}

// before is the pod in whose place a pod has come; the pod itself where it has been there all along.
func (h *course) before(p *Pod) *Pod {
	if a := h.arrived[p]; a != nil {
		return a.old
	}
	return p
}

func nameOf(p *Pod) string { return p.Namespace + "/" + p.Name }

// outcome is what all courses come to for a pod.
func (d *drill) outcome(p *Pod, t *tally) Outcome {
	o := Outcome{Namespace: p.Namespace, Name: p.Name, Node: p.Spec.NodeName}
	if controller := metav1.GetControllerOfNoCopy(&p.Pod); controller != nil {
		o.Controller = controller.Kind + "/" + controller.Name
	}
	if t == nil {
		return o
	}
	switch {
	case t.gone:
		o.Fate = Gone
	case t.waited == 0:
		o.Fate = Returns
	case t.waited == courses:
		o.Fate = Pending
	default:
		o.Fate = Depends
	}
	o.Why, o.Reasons = t.why, t.reasons
	for _, i := range slices.Sorted(maps.Keys(t.nodes)) {
		o.Nodes = append(o.Nodes, d.nodes[i].Name)
	}
	o.Evicts, o.EvictedFor = slices.Sorted(maps.Keys(t.evicts)), t.by
	return o
}
