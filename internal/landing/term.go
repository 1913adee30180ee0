package landing

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

// satisfy constructs a name and the labels that the term speaks of. If a node of the pool can match the term, then this
// one does. It does not promise the reverse: what contradicts itself or is malformed is left to matches to refuse.
// False: every value that a label might have is excluded, which is how the seal is refused without being parsed.
func satisfy(term *corev1.NodeSelectorTerm, c Constraints, pool Pool) (Node, bool) {
	node := Node{Name: pickName(term.MatchFields, c.NodeName), Labels: map[string]string{}}
	for key, d := range demands(term.MatchExpressions) {
		if d.present && key == pool.WithoutKey {
			return Node{}, false
		}
		for _, l := range pool.Without {
			if l.Key == key {
				d.noneOf([]string{l.Value})
			}
		}
		if value, ok := fixed(key, c, pool); ok {
			d.oneOf([]string{value})
		}
		if !d.present {
			continue
		}
		value, ok := d.pick(labelValues(d.low, d.high))
		if !ok {
			return Node{}, false
		}
		node.Labels[key] = value
	}
	return node, true
}

// demands returns what is asked of each label that the requirements name.
func demands(requirements []corev1.NodeSelectorRequirement) map[string]*demand {
	byKey := make(map[string]*demand, len(requirements))
	for i := range requirements {
		d := byKey[requirements[i].Key]
		if d == nil {
			d = newDemand()
			byKey[requirements[i].Key] = d
		}
		d.add(&requirements[i])
	}
	return byKey
}

// fixed returns the value that every node of the pool that meets the nodeSelector has under the key.
func fixed(key string, c Constraints, pool Pool) (string, bool) {
	if key == pool.Key {
		return pool.Value, true
	}
	value, ok := c.NodeSelector[key]
	return value, ok
}

// pickName returns spec.nodeName, or a name that meets the field requirements, of which only In and NotIn are well
// formed; "" when there is none. Other fields than the name are the same for every node, and matches judges them.
func pickName(requirements []corev1.NodeSelectorRequirement, nodeName string) string {
	if nodeName != "" {
		return nodeName
	}
	name := newDemand()
	for i := range requirements {
		r := &requirements[i]
		if r.Key == metav1.ObjectNameField && r.Operator == corev1.NodeSelectorOpIn {
			name.oneOf(r.Values)
		}
		if r.Key == metav1.ObjectNameField && r.Operator == corev1.NodeSelectorOpNotIn {
			name.noneOf(r.Values)
		}
	}
	picked, _ := name.pick(nodeNames)
	return picked
}

// matches asks the scheduler's own function whether the node matches one of the terms. A node without a name, or with
// one that the API server would not accept, does not exist.
func matches(terms []corev1.NodeSelectorTerm, node Node) bool {
	if node.Name == "" || !nameable(node.Name) {
		return false
	}
	match, _ := nodeaffinity.NewLazyErrorNodeSelector(&corev1.NodeSelector{NodeSelectorTerms: terms}).Match(node.object())
	return match
}
