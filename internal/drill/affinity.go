package drill

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/sets"
)

// term is a required term of affinity or anti-affinity between pods.
type term struct {
	key        string
	selector   labels.Selector
	namespaces sets.Set[string]
	inThose    labels.Selector // namespaces by their labels
}

// termsOf compiles the terms of a pod in a namespace. A selector that cannot be parsed selects nothing.
func termsOf(namespace string, all []corev1.PodAffinityTerm) []term {
	terms := make([]term, 0, len(all))
	for _, t := range all {
		one := term{key: t.TopologyKey, selector: selectorOf(t.LabelSelector), namespaces: sets.New(t.Namespaces...), inThose: selectorOf(t.NamespaceSelector)}
		if len(t.Namespaces) == 0 && t.NamespaceSelector == nil {
			one.namespaces = sets.New(namespace)
		}
		terms = append(terms, one)
	}
	return terms
}

func selectorOf(s *metav1.LabelSelector) labels.Selector {
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return labels.Nothing()
	}
	return selector
}

// selects says whether the term is about the pod.
func (d *drill) selects(t term, p *Pod) bool {
	if !t.namespaces.Has(p.Namespace) && !t.inThose.Matches(d.Namespaces[p.Namespace]) {
		return false
	}
	return t.selector.Matches(labels.Set(p.Labels))
}

// all says whether every term is about the pod.
func (d *drill) all(terms []term, p *Pod) bool {
	for _, t := range terms {
		if !d.selects(t, p) {
			return false
		}
	}
	return len(terms) > 0
}

// matched is a term and the pods that it is about, before anything comes back.
type matched struct {
	term
	pods []*Pod
}

// shun is a pod that is there, and a term of its anti-affinity that is about the pod which comes.
type shun struct {
	key string
	by  *Pod
}

// meets finds the pods that affinity and anti-affinity are about. Affinity counts pods that all of its terms are about.
func (d *drill) meets(a *arrival) {
	for _, t := range a.pod.near {
		a.near = append(a.near, matched{term: t})
	}
	for _, t := range a.pod.far {
		a.far = append(a.far, matched{term: t})
	}
	for i, n := range d.nodes {
		if d.lost[i] {
			continue
		}
		for _, p := range n.pods {
			d.meet(a, p)
		}
	}
}

func (d *drill) meet(a *arrival, p *Pod) {
	if d.all(a.pod.near, p) {
		for i := range a.near {
			a.near[i].pods = append(a.near[i].pods, p)
		}
	}
	for i := range a.far {
		if d.selects(a.far[i].term, p) {
			a.far[i].pods = append(a.far[i].pods, p)
		}
	}
	for _, t := range p.far {
		if d.selects(t, a.pod) {
			a.shunned = append(a.shunned, shun{t.key, p})
		}
	}
}

// company is who is where in the course of a drill, as far as it matters to a pod.
type company struct {
	near  []map[string]bool   // by term: the values with a pod that it must be near
	alone bool                // there is none anywhere, and the pod would do itself
	far   []map[string]string // by term: the values with a pod that it must not be near, and its name
	shuns []shunned
}

// shunned is a value of a topology key where the anti-affinity of a pod keeps others off.
type shunned struct{ key, value, by string }

// companyOf looks who is where.
func (h *course) companyOf(a *arrival) company {
	c := company{alone: h.all(a.pod.near, a.pod)}
	for _, m := range a.near {
		there := map[string]bool{}
		for value := range h.whereabouts(m, func(p *Pod) bool { return h.all(a.pod.near, p) }) {
			there[value] = true
		}
		c.near, c.alone = append(c.near, there), c.alone && len(there) == 0
	}
	for _, m := range a.far {
		c.far = append(c.far, h.whereabouts(m, func(p *Pod) bool { return h.selects(m.term, p) }))
	}
	for _, s := range a.shunned {
		if value, ok := h.nodes[s.by.at].Labels[s.key]; ok && !h.evicted[s.by] {
			c.shuns = append(c.shuns, shunned{s.key, value, s.by.Name})
		}
	}
	for _, p := range h.placed {
		for _, t := range p.pod.far {
			if value, ok := h.nodes[p.at].Labels[t.key]; ok && h.selects(t, a.pod) {
				c.shuns = append(c.shuns, shunned{t.key, value, p.pod.Name})
			}
		}
	}
	return c
}

// whereabouts are the values of the term's topology key with a pod that is meant, and the name of one.
func (h *course) whereabouts(m matched, meant func(*Pod) bool) map[string]string {
	there := map[string]string{}
	note := func(p *Pod, n *node) {
		if value, ok := n.Labels[m.key]; ok && (there[value] == "" || p.Name < there[value]) {
			there[value] = p.Name
		}
	}
	for _, p := range m.pods {
		if !h.evicted[p] {
			note(p, h.nodes[p.at])
		}
	}
	for _, p := range h.placed {
		if meant(p.pod) {
			note(p.pod, h.nodes[p.at])
		}
	}
	return there
}

// refuses says why the pod cannot be on the node, given who is where.
func (c company) refuses(a *arrival, n *node) string {
	for i, t := range a.near {
		value, ok := n.Labels[t.key]
		if !ok || !c.near[i][value] && !c.alone {
			return fmt.Sprintf("no pod is there that its affinity (%s) asks for", t.key)
		}
	}
	for i, t := range a.far {
		if value, ok := n.Labels[t.key]; ok && c.far[i][value] != "" {
			return fmt.Sprintf("its anti-affinity (%s) keeps it away from pod %q", t.key, c.far[i][value])
		}
	}
	for _, s := range c.shuns {
		if value, ok := n.Labels[s.key]; ok && value == s.value {
			return fmt.Sprintf("the anti-affinity (%s) of pod %q keeps it away", s.key, s.by)
		}
	}
	return ""
}
