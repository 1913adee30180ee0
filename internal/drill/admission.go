package drill

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// Admit gives a new pod what API server and admission fill in that scheduling looks at: requests, overhead, the values of
// matchLabelKeys, tolerations of the first minutes, and the priority of its class. What cannot be known, such as the
// defaults of a LimitRange, is taken from the live pod in whose place it comes. It modifies the new pod.
func Admit(pod, live *corev1.Pod, classes []*schedulingv1.PriorityClass) {
	fillRequests(pod.Spec.InitContainers, live.Spec.InitContainers)
	fillRequests(pod.Spec.Containers, live.Spec.Containers)
	if pod.Spec.Overhead == nil && ptr.Deref(pod.Spec.RuntimeClassName, "") == ptr.Deref(live.Spec.RuntimeClassName, "") {
		pod.Spec.Overhead = live.Spec.Overhead
	}
	for _, t := range live.Spec.Tolerations {
		if t.Key == corev1.TaintNodeNotReady || t.Key == corev1.TaintNodeUnreachable || t.Key == corev1.TaintNodeMemoryPressure {
			pod.Spec.Tolerations = append(pod.Spec.Tolerations, t)
		}
	}
	fillSelectors(pod)
	setPriority(pod, live, classes)
}

// fillRequests takes what a container does not request from its limits, then from the live container of its name.
func fillRequests(containers, live []corev1.Container) {
	for i := range containers {
		c := &containers[i]
		requests := corev1.ResourceList{}
		for _, l := range live {
			if l.Name == c.Name {
				maps.Copy(requests, l.Resources.Requests)
			}
		}
		maps.Copy(requests, c.Resources.Limits)
		maps.Copy(requests, c.Resources.Requests)
		c.Resources.Requests = requests
	}
}

// fillSelectors adds to the selectors what matchLabelKeys and mismatchLabelKeys stand for.
func fillSelectors(pod *corev1.Pod) {
	for i := range pod.Spec.TopologySpreadConstraints {
		c := &pod.Spec.TopologySpreadConstraints[i]
		c.LabelSelector = withKeys(c.LabelSelector, pod.Labels, c.MatchLabelKeys, metav1.LabelSelectorOpIn)
	}
	if a := pod.Spec.Affinity; a != nil && a.PodAffinity != nil {
		fillTerms(pod, a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
	}
	if a := pod.Spec.Affinity; a != nil && a.PodAntiAffinity != nil {
		fillTerms(pod, a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
	}
}

func fillTerms(pod *corev1.Pod, terms []corev1.PodAffinityTerm) {
	for i := range terms {
		t := &terms[i]
		t.LabelSelector = withKeys(t.LabelSelector, pod.Labels, t.MatchLabelKeys, metav1.LabelSelectorOpIn)
		t.LabelSelector = withKeys(t.LabelSelector, pod.Labels, t.MismatchLabelKeys, metav1.LabelSelectorOpNotIn)
	}
}

// withKeys is the selector with a requirement for each key that the pod carries. One that is there already is not
// repeated; nil stays nil.
func withKeys(selector *metav1.LabelSelector, labels map[string]string, keys []string, operator metav1.LabelSelectorOperator) *metav1.LabelSelector {
	if selector == nil || len(keys) == 0 {
		return selector
	}
	selector = selector.DeepCopy()
	for _, key := range keys {
		if value, ok := labels[key]; ok {
			selector.MatchExpressions = append(selector.MatchExpressions, metav1.LabelSelectorRequirement{Key: key, Operator: operator, Values: []string{value}})
		}
	}
	return selector
}

// setPriority gives the pod the priority of its class; of one that is not known, that of the live pod.
func setPriority(pod, live *corev1.Pod, classes []*schedulingv1.PriorityClass) {
	if pod.Spec.PriorityClassName == live.Spec.PriorityClassName || pod.Spec.PriorityClassName == "" && len(classes) == 0 {
		pod.Spec.Priority, pod.Spec.PreemptionPolicy = live.Spec.Priority, live.Spec.PreemptionPolicy
		return
	}
	for _, class := range classes {
		if class.Name == pod.Spec.PriorityClassName || pod.Spec.PriorityClassName == "" && class.GlobalDefault {
			pod.Spec.Priority, pod.Spec.PreemptionPolicy = &class.Value, class.PreemptionPolicy
			return
		}
	}
	if pod.Spec.PriorityClassName != "" {
		pod.Spec.Priority, pod.Spec.PreemptionPolicy = live.Spec.Priority, live.Spec.PreemptionPolicy
	}
}
