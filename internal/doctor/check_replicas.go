package doctor

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// replicas finds a Deployment whose next loss is an outage: validation fails closed.
func replicas(v View) []Finding {
	var found []Finding
	wanted, ready := ptr.Deref(v.Deployment.Spec.Replicas, 1), v.Deployment.Status.ReadyReplicas
	look := v.kubectl("describe pods -l " + Label)
	switch {
	case ready == 0:
		found = append(found, Finding{
			Severity: Error,
			What:     fmt.Sprintf("%s has no ready replica of %d.", v.place(), wanted),
			Why:      "While nobody answers, every new run is refused, for validation fails closed.",
			Fix:      look,
		})
	case ready < wanted:
		found = append(found, Finding{
			Severity: Warning,
			What:     fmt.Sprintf("%s has %d ready of %d replicas.", v.place(), ready, wanted),
			Why:      "The next node that is lost or drained may take the last one.",
			Fix:      look,
		})
	}
	if wanted < 2 {
		found = append(found, Finding{
			Severity: Warning,
			What:     fmt.Sprintf("%s asks for %d, and not for two replicas or more.", v.place(), wanted),
			Why:      "Whenever its node is lost or drained, every new run is refused until it is back.",
			Fix:      v.kubectl("scale --replicas=2 " + v.name()),
		})
	}
	return found
}

// replicaNodes finds replicas that go down together, or that run where runs are.
func replicaNodes(v View) []Finding {
	var found []Finding
	var nodes, elsewhere []string
	pods := v.replicas()
	for _, pod := range pods {
		if pod.Spec.NodeName == "" {
			continue
		}
		nodes = append(nodes, pod.Spec.NodeName)
		if !v.protects(pod.Spec.NodeName) {
			elsewhere = append(elsewhere, pod.Spec.NodeName)
		}
	}
	if len(nodes) > 1 && len(slices.Compact(slices.Sorted(slices.Values(nodes)))) == 1 {
		found = append(found, Finding{
			Severity: Warning,
			What:     fmt.Sprintf("All replicas of %s run on node %q.", v.place(), nodes[0]),
			Why:      "The loss of that node stops new runs until another one takes the replicas.",
			Fix:      v.kubectl("rollout restart " + v.name()),
		})
	}
	if len(elsewhere) > 0 {
		found = append(found, Finding{
			Severity: Info,
			What:     fmt.Sprintf("%s runs on %s, of no protected node pool.", v.place(), named(elsewhere)),
			Why:      "Runs on the same node can starve the server that judges them.",
			Fix:      v.reinstall(),
		})
	}
	return found
}

// protects says whether the node is one of a protected pool's.
func (v View) protects(node string) bool {
	return slices.ContainsFunc(v.pools(), func(p v1alpha1.NodePool) bool { return p.Protected && v.nodesOf(p)[node] })
}

// disruptionBudget finds replicas that a drain of several nodes takes at once.
func disruptionBudget(v View) []Finding {
	for _, budget := range v.Budgets {
		selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector)
		if err == nil && budget.Namespace == v.Deployment.Namespace && selector.Matches(labels.Set(v.Deployment.Spec.Template.Labels)) {
			return nil
		}
	}
	return []Finding{{
		Severity: Warning,
		What:     fmt.Sprintf("No PodDisruptionBudget selects the replicas of %s.", v.place()),
		Why:      "When nodes are drained together, all replicas may be evicted at once, and new runs are refused.",
		Fix:      v.reinstall(),
	}}
}
