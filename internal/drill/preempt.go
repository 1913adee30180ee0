package drill

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"
)

// candidate is a node on which pods would be evicted for another one.
type candidate struct {
	at       int
	victims  []*Pod // the most important first
	breaches int    // of PodDisruptionBudgets
}

// preempt finds the node on which evicting pods of lower priority makes room, and those pods; none where there is no such
// node.
func (h *course) preempt(c chance, a *arrival) (int, []*Pod) {
	if ptr.Deref(a.pod.Spec.PreemptionPolicy, corev1.PreemptLowerPriority) == corev1.PreemptNever {
		return 0, nil
	}
	var found []candidate
	for _, i := range a.nodes {
		if one := h.victimsOn(a, i); len(one.victims) > 0 {
			found = append(found, one)
		}
	}
	if len(found) == 0 {
		return 0, nil
	}
	if c.course > 0 {
		c.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	}
	best := slices.MinFunc(found, worse)
	return best.at, best.victims
}

// worse orders nodes as the scheduler does: budgets that are breached, the highest priority of a victim, the sum of
// priorities, how many victims. The pods that started last go first.
func worse(a, b candidate) int {
	sum := func(c candidate) (n int64) {
		for _, p := range c.victims {
			n += int64(priorityOf(p)) + math.MaxInt32 + 1
		}
		return n
	}
	return cmp.Or(
		cmp.Compare(a.breaches, b.breaches), cmp.Compare(priorityOf(a.victims[0]), priorityOf(b.victims[0])),
		cmp.Compare(sum(a), sum(b)), cmp.Compare(len(a.victims), len(b.victims)), -startOf(a).Compare(startOf(b)),
	)
}

func priorityOf(p *Pod) int32 { return ptr.Deref(p.Spec.Priority, 0) }

// victimsOn are the pods that must go for the pod to come: all of lower priority, but for those that can stay.
func (h *course) victimsOn(a *arrival, at int) candidate {
	trial := *h
	trial.evicted, trial.placed = maps.Clone(h.evicted), slices.Clone(h.placed)
	lower := slices.DeleteFunc(slices.Clone(h.on(at)), func(p *Pod) bool { return priorityOf(p) >= a.priority })
	slices.SortStableFunc(lower, func(x, y *Pod) int {
		return cmp.Or(cmp.Compare(priorityOf(y), priorityOf(x)), startedAt(x).Compare(startedAt(y)))
	})
	for _, p := range lower {
		trial.remove(p)
	}
	if len(lower) == 0 || trial.refuses(a, at, trial.look(a)).text != "" {
		return candidate{}
	}
	c := candidate{at: at}
	breaching, others := h.breaching(lower)
	for _, p := range slices.Concat(breaching, others) {
		trial.restore(p, at)
		if trial.refuses(a, at, trial.look(a)).text == "" {
			continue
		}
		trial.remove(p)
		c.victims = append(c.victims, p)
		if slices.Contains(breaching, p) {
			c.breaches++
		}
	}
	slices.SortStableFunc(c.victims, func(x, y *Pod) int { return cmp.Compare(priorityOf(y), priorityOf(x)) })
	return c
}

// remove takes a pod away, restore puts it back.
func (h *course) remove(p *Pod) {
	before := len(h.placed)
	h.placed = slices.DeleteFunc(h.placed, func(o placement) bool { return o.pod == p })
	if len(h.placed) == before {
		h.evicted[p] = true
	}
}

func (h *course) restore(p *Pod, at int) {
	if h.evicted[p] {
		delete(h.evicted, p)
		return
	}
	h.placed = append(h.placed, placement{h.arrived[p], at})
}

// breaching are those of the pods whose eviction a PodDisruptionBudget does not allow, and the others.
func (h *course) breaching(pods []*Pod) (breaching, others []*Pod) {
	allowed := map[*policyv1.PodDisruptionBudget]int32{}
	for _, b := range h.Budgets {
		allowed[b] = b.Status.DisruptionsAllowed
	}
	for _, p := range pods {
		breached := false
		for _, b := range h.Budgets {
			if !guards(b, p) {
				continue
			}
			if _, already := b.Status.DisruptedPods[p.Name]; already {
				continue
			}
			allowed[b]--
			breached = breached || allowed[b] < 0
		}
		if breached {
			breaching = append(breaching, p)
		} else {
			others = append(others, p)
		}
	}
	return breaching, others
}

// guards says whether the budget is about the pod.
func guards(b *policyv1.PodDisruptionBudget, p *Pod) bool {
	selector := selectorOf(b.Spec.Selector)
	return b.Namespace == p.Namespace && len(p.Labels) > 0 && !selector.Empty() && selector.Matches(labels.Set(p.Labels))
}

// evict removes pods, which come back as others do.
func (h *course) evict(a *arrival, victims []*Pod) {
	h.victims[a] = append(h.victims[a], victims...)
	for _, p := range victims {
		again := h.arrived[p]
		h.remove(p)
		if again == nil && p.Comes != nil {
			again = h.arrive(p)
			h.arrived[p] = again
		}
		if again != nil {
			h.waiting = append(h.waiting, again)
		}
	}
}

// startedAt is when a pod began to run; one that has not is the youngest.
func startedAt(p *Pod) time.Time {
	if p.Status.StartTime == nil {
		return time.Unix(1<<60, 0)
	}
	return p.Status.StartTime.Time
}

// startOf is when the first of the most important victims began to run.
func startOf(c candidate) time.Time {
	first := startedAt(c.victims[0])
	for _, p := range c.victims {
		if t := startedAt(p); priorityOf(p) == priorityOf(c.victims[0]) && t.Before(first) {
			first = t
		}
	}
	return first
}
