package landing

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Because says why the pod lands on nodes of the pool, or why it cannot: a fragment for people, whose subject is the
// pod or one of its fields, such as
//
//	tolerates "polyaxon=core:NoSchedule" with spec.tolerations[1] and nothing keeps it off nodes labelled polyaxon=core
//	no toleration for "polyaxon=core:NoSchedule"
//
// It agrees with Witness, and names the first obstacle in the order in which Witness meets them.
func Because(c Constraints, pool Pool) string {
	if missing := untolerated(c, pool); missing != "" {
		return missing
	}
	if refused := unselectable(c, pool); refused != "" {
		return refused
	}
	if !nameable(c.NodeName) {
		return fmt.Sprintf("spec.nodeName %q can be the name of no node", c.NodeName)
	}
	if _, term, ok := witness(c, pool); ok {
		return tolerated(c, pool) + opening(c, pool, term)
	}
	if len(c.required().NodeSelectorTerms) == 0 {
		return "spec.affinity.nodeAffinity has no term, which matches no node"
	}
	return fmt.Sprintf("no term of spec.affinity.nodeAffinity can match a node labelled %s=%s", pool.Key, pool.Value)
}

// untolerated names the taints of the pool that the pod does not tolerate, "" when there is none.
func untolerated(c Constraints, pool Pool) string {
	var missing []string
	for i := range pool.Taints {
		if taint := &pool.Taints[i]; Repels(taint) && Tolerating(c.Tolerations, taint) < 0 {
			missing = append(missing, fmt.Sprintf("%q", taint.ToString()))
		}
	}
	if missing == nil {
		return ""
	}
	return "no toleration for " + strings.Join(missing, " and ")
}

// unselectable names the first entry of the nodeSelector that no node of the pool can meet, "" when there is none.
// The pool's own label comes first, being the one that people look for.
func unselectable(c Constraints, pool Pool) string {
	if value, ok := c.NodeSelector[pool.Key]; ok && value != pool.Value {
		return fmt.Sprintf("spec.nodeSelector[%s] is %q, nodes of the pool have %q", pool.Key, value, pool.Value)
	}
	for _, key := range slices.Sorted(maps.Keys(c.NodeSelector)) {
		if value := c.NodeSelector[key]; unmet(key, value, pool) {
			return fmt.Sprintf("spec.nodeSelector[%s] is %q, a label that no node can have", key, value)
		}
	}
	return ""
}

// tolerated names the taints that would repel the pod, and the toleration that answers each.
func tolerated(c Constraints, pool Pool) string {
	var answers []string
	for i := range pool.Taints {
		if taint := &pool.Taints[i]; Repels(taint) {
			at := Tolerating(c.Tolerations, taint)
			answers = append(answers, fmt.Sprintf("%q with spec.tolerations[%d]", taint.ToString(), at))
		}
	}
	if answers == nil {
		return "meets no taint that repels pods"
	}
	return "tolerates " + strings.Join(answers, ", ")
}

// opening says what lets the pod onto a node of the pool, its taints aside.
func opening(c Constraints, pool Pool, term int) string {
	label := pool.Key + "=" + pool.Value
	if term >= 0 {
		return fmt.Sprintf(" and nodeSelectorTerms[%d] of spec.affinity.nodeAffinity allows nodes labelled %s", term, label)
	}
	if c.NodeName != "" {
		return fmt.Sprintf(" and spec.nodeName %q may be a node labelled %s", c.NodeName, label)
	}
	if _, ok := c.NodeSelector[pool.Key]; ok {
		return " and spec.nodeSelector asks for nodes labelled " + label
	}
	return " and nothing keeps it off nodes labelled " + label
}

// String describes the node for people: `node "x" (labels a=b, polyaxon=core; taints polyaxon=core:NoSchedule)`.
// Labels are sorted, taints keep their order.
func (n Node) String() string {
	var parts, taints []string
	if labels := n.sortedLabels(); len(labels) > 0 {
		parts = append(parts, "labels "+strings.Join(labels, ", "))
	}
	for i := range n.Taints {
		taints = append(taints, n.Taints[i].ToString())
	}
	if len(taints) > 0 {
		parts = append(parts, "taints "+strings.Join(taints, ", "))
	}
	if len(parts) == 0 {
		return fmt.Sprintf("node %q", n.Name)
	}
	return fmt.Sprintf("node %q (%s)", n.Name, strings.Join(parts, "; "))
}

func (n Node) sortedLabels() []string {
	var labels []string
	for _, key := range slices.Sorted(maps.Keys(n.Labels)) {
		labels = append(labels, key+"="+n.Labels[key])
	}
	return labels
}
