package drill

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/landing"
)

// arrival is a pod that wants a node, with all about it that does not change in the course of a drill.
type arrival struct {
	pod      *Pod // as it comes
	old      *Pod // in whose place
	priority int32
	never    string         // why no node takes it, whatever else happens
	nodes    []int          // those that might take it
	why      map[int]reason // why the others do not
	claims   []*claim
	spread   []spread
	near     []matched // for its required affinity
	far      []matched // for its required anti-affinity
	shunned  []shun    // by the anti-affinity of others
}

// arrive compiles the pod that comes in the place of another.
func (d *drill) arrive(p *Pod) *arrival {
	comes := *p.Comes // another one than the pod that was there, even where they are alike
	a := &arrival{pod: &comes, old: p, priority: priorityOf(&comes), why: map[int]reason{}}
	if p.Comes == p {
		a.pod.Spec.NodeName = ""
	}
	d.arrived[a.pod] = a
	a.never = d.never(a)
	search := landing.NewSearch(landing.Of(&a.pod.Spec))
	for i, n := range d.nodes {
		if d.lost[i] {
			continue
		}
		if r := d.refuses(a, search, n); r.text != "" {
			a.why[i] = r
		} else if a.never == "" {
			a.nodes = append(a.nodes, i)
		}
	}
	d.spreads(a, search)
	d.meets(a)
	return a
}

// never says why no node can take the pod.
func (d *drill) never(a *arrival) string {
	switch {
	case len(a.pod.Spec.SchedulingGates) > 0:
		return fmt.Sprintf("scheduling gate %q holds it back", a.pod.Spec.SchedulingGates[0].Name)
	case a.pod.Spec.NodeName != "":
		if i, ok := d.byName[a.pod.Spec.NodeName]; !ok || d.lost[i] {
			return fmt.Sprintf("its template names node %q, which is gone", a.pod.Spec.NodeName)
		}
	}
	var why string
	a.claims, why = d.claimsOf(a.pod)
	return why
}

// refuses says why a node cannot take the pod, whatever else is on it.
func (d *drill) refuses(a *arrival, search landing.Search, n *node) reason {
	if !search.Selects(n.land) {
		return reason{rank: byNode, text: "its node selector or affinity asks for other nodes"}
	}
	for taint := range search.Repelling(n.land) {
		return reason{rank: byNode, text: fmt.Sprintf("it does not tolerate taint %q", taint.ToString())}
	}
	for _, c := range a.claims {
		if text := c.refuses(n); text != "" {
			return reason{rank: byVolume, text: text}
		}
	}
	return reason{}
}

// set is the StatefulSet that creates its pods one after the other and controls this one; empty for others. Pods that
// wait for each other have one set.
func (a *arrival) set() string {
	controller := metav1.GetControllerOfNoCopy(&a.old.Pod)
	if controller == nil || controller.Kind != "StatefulSet" || a.pod.Together {
		return ""
	}
	return a.pod.Namespace + "/" + controller.Name
}

// reason is why a node does not take a pod.
type reason struct {
	rank int // how late the scheduler would find it
	text string
}

// The ranks of reasons.
const (
	byNode = iota
	byVolume
	byRoom
	byPods
)
