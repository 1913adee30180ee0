package drill

import (
	"math/rand/v2"
	"slices"
)

// courses is how often a drill is repeated: orders and choices that matter are found in fewer.
const courses = 100

// chance decides in which order pods come, and which node a pod gets.
type chance struct {
	*rand.Rand
	course int
}

// begin is a course of the drill with all pods waiting: in the first by priority and name, in the others in any order.
func (d *drill) begin(c chance) *course {
	h := &course{drill: d, evicted: map[*Pod]bool{}, taken: map[string]string{}, victims: map[*arrival][]*Pod{}, waiting: slices.Clone(d.arrivals)}
	if c.course > 0 {
		c.Shuffle(len(h.waiting), func(i, j int) { h.waiting[i], h.waiting[j] = h.waiting[j], h.waiting[i] })
	}
	return h
}

// run tries the pods that wait until no node takes another one.
func (h *course) run(c chance) {
	for progress := true; progress; {
		progress = false
		for _, a := range slices.Clone(h.waiting) {
			if h.behind(a) != nil {
				continue
			}
			if nodes := h.takes(a); len(nodes) > 0 {
				h.put(a, h.choose(c, nodes))
				progress = true
			} else if at, victims := h.preempt(c, a); len(victims) > 0 {
				h.evict(a, victims)
				h.put(a, at)
				progress = true
			}
		}
	}
}

// choose picks a node: the emptiest, as the scheduler does, any, or the fullest.
func (h *course) choose(c chance, nodes []int) int {
	fuller := func(a, b int) int { return len(h.on(a)) - len(h.on(b)) }
	switch c.course % 3 {
	case 0:
		return slices.MinFunc(nodes, fuller)
	case 1:
		return nodes[c.IntN(len(nodes))]
	}
	return slices.MaxFunc(nodes, fuller)
}

// behind is the pod that must run before the StatefulSet creates this one; nil for none.
func (h *course) behind(a *arrival) *arrival {
	set := a.set()
	if set == "" {
		return nil
	}
	for _, o := range h.waiting {
		if o.set() == set && ordinalOf(&o.old.Pod) < ordinalOf(&a.old.Pod) {
			return o
		}
	}
	return nil
}
