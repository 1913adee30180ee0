package drill

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// course is one course of a drill: pods come in some order, and each gets one of the nodes that take it.
type course struct {
	*drill
	placed  []placement
	evicted map[*Pod]bool     // pods that were there before
	taken   map[string]string // volumes that became a claim's
	waiting []*arrival
	victims map[*arrival][]*Pod // the pods that each arrival evicted
}

// placement is a pod that has come, and the index of its node.
type placement struct {
	*arrival
	at int
}

// look is what matters to a pod of where the others are.
type look struct {
	company
	counts []map[string]int // by topology spread constraint
	least  []int
}

func (h *course) look(a *arrival) look {
	l := look{company: h.companyOf(a)}
	for i := range a.spread {
		counts, least := a.spread[i].now(a, h)
		l.counts, l.least = append(l.counts, counts), append(l.least, least)
	}
	return l
}

// takes are the nodes that take the pod now.
func (h *course) takes(a *arrival) []int {
	l := h.look(a)
	var nodes []int
	for _, i := range a.nodes {
		if h.refuses(a, i, l).text == "" {
			nodes = append(nodes, i)
		}
	}
	return nodes
}

// refuses says why a node does not take the pod now, though it might: in the order in which the scheduler asks.
func (h *course) refuses(a *arrival, at int, l look) reason {
	n := h.nodes[at]
	if text := h.lacks(a.pod, at); text != "" {
		return reason{byRoom, text}
	}
	if text := h.refusesVolumes(a, n); text != "" {
		return reason{byVolume, text}
	}
	for i := range a.spread {
		if text := a.spread[i].refuses(n, l.counts[i], l.least[i]); text != "" {
			return reason{byPods, text}
		}
	}
	if text := l.refuses(a, n); text != "" {
		return reason{byPods, text}
	}
	return reason{}
}

// on are the pods of a node now.
func (h *course) on(at int) []*Pod {
	pods := h.nodes[at].pods
	if len(h.evicted) > 0 {
		pods = slices.DeleteFunc(slices.Clone(pods), func(p *Pod) bool { return h.evicted[p] })
	}
	for _, p := range h.placed {
		if p.at == at {
			pods = append(slices.Clip(pods), p.pod)
		}
	}
	return pods
}

// refusesVolumes says why the pod's claims cannot be had on the node now.
func (h *course) refusesVolumes(a *arrival, n *node) string {
	taken := h.taken
	for _, c := range a.claims {
		if slices.Contains(c.Spec.AccessModes, corev1.ReadWriteOncePod) {
			if p := h.mounting(c); p != nil {
				return fmt.Sprintf("claim %q is for one pod only, and pod %q has it", c.Name, p.Name)
			}
		}
		if c.volume != nil {
			continue
		}
		v := c.volumeOn(n, taken)
		if v == nil && !c.provisions(n) {
			return fmt.Sprintf("no volume for claim %q can be had there", c.Name)
		}
		if v != nil {
			taken = maps.Clone(taken)
			taken[v.Name] = c.key()
		}
	}
	return ""
}

// mounting is a pod that has the claim now; nil for none.
func (h *course) mounting(c *claim) *Pod {
	has := func(p *Pod) bool {
		return p.Namespace == c.Namespace && slices.ContainsFunc(p.Spec.Volumes, func(v corev1.Volume) bool {
			return v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == c.Name
		})
	}
	for _, p := range h.placed {
		if has(p.pod) {
			return p.pod
		}
	}
	for i, n := range h.nodes {
		for _, p := range n.pods {
			if !h.lost[i] && !h.evicted[p] && has(p) {
				return p
			}
		}
	}
	return nil
}

// put places the pod on the node, with the volumes that its claims get there.
func (h *course) put(a *arrival, at int) {
	for _, c := range a.claims {
		if c.volume != nil {
			continue
		}
		if v := c.volumeOn(h.nodes[at], h.taken); v != nil {
			h.taken[v.Name] = c.key()
		}
	}
	h.placed = append(h.placed, placement{a, at})
	h.waiting = slices.DeleteFunc(h.waiting, func(o *arrival) bool { return o == a })
}
