package doctor

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// corePriority holds core's priority against those that runs may have: a pod of a higher one may have core evicted.
func corePriority(v View) []Finding {
	var found []Finding
	for _, f := range v.files {
		name := f.Policy.Spec.CorePriorityClassName
		class := v.priorityClass(name)
		switch {
		case name == "":
			continue
		case class == nil:
			found = append(found, Finding{
				Severity: Error,
				What:     fmt.Sprintf("PriorityClass %q, which policy %q names for core, is not there.", name, f.Policy.Metadata.Name),
				Why:      "Core pods are given none, and whatever has a higher priority may have them evicted.",
				Fix:      v.reinstall("corePriorityClass.create=true"),
			})
			continue
		}
		if low := v.below(class.Value, f.Policy.Spec.Namespaces); len(low) > 0 {
			found = append(found, Finding{
				Severity: Warning,
				What:     fmt.Sprintf("Core's pods have a lower priority than PriorityClass %q: %s.", name, named(low)),
				Why:      "Pods keep the priority that they were created with. Until they are restarted the lowest counts for what runs may name.",
				Fix:      fmt.Sprintf("kubectl -n %s rollout restart deployments,statefulsets # of Polyaxon", f.Policy.Spec.Namespaces[0]),
			})
		}
		for _, c := range v.Classes {
			if c.GlobalDefault && c.Value >= class.Value {
				found = append(found, Finding{
					Severity: Error,
					What:     fmt.Sprintf("PriorityClass %q is the cluster's default, and its value %d is not below core's %d.", c.Name, c.Value, class.Value),
					Why:      "Every run that names no class has that priority, and may have core evicted where both may run.",
					Fix:      fmt.Sprintf("kubectl patch priorityclass %s -p '{\"globalDefault\":false}'", c.Name),
				})
			}
		}
	}
	return found
}

// priorityClass is the PriorityClass of that name; nil where there is none.
func (v View) priorityClass(name string) *schedulingv1.PriorityClass {
	i := slices.IndexFunc(v.Classes, func(c *schedulingv1.PriorityClass) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return v.Classes[i]
}

// below are the names of core's pods in the namespaces whose priority is lower.
func (v View) below(value int32, namespaces []string) []string {
	names := map[string]bool{}
	for _, pod := range v.identified(isCore) {
		if slices.Contains(namespaces, pod.Namespace) && ptr.Deref(pod.Spec.Priority, 0) < value {
			names[pod.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// mayPreempt finds who makes what evicts others: a class of any value, a group of pods with a priority of its own, and a
// request to evict.
func mayPreempt(v View) []Finding {
	rights := []right{
		{verb: "create", group: "scheduling.k8s.io", resource: "podgroups"},
		{verb: "create", group: "scheduling.k8s.io", resource: "compositepodgroups"},
		{verb: "create", group: "scheduling.k8s.io", resource: "workloads"},
		{verb: "create", group: "lifecycle.k8s.io", resource: "evictionrequests"},
	}
	var found []Finding
	if who := v.may(rights, v.governed()...); len(who) > 0 {
		found = append(found, Finding{
			Severity: Info,
			What:     fmt.Sprintf("Groups of pods or requests to evict can be made in governed namespaces by %s.", named(who)),
			Why:      "A group evicts from the whole cluster: polymoat holds its priority below core's. It is not asked about requests to evict.",
			Fix:      whoMay("create", "podgroups.scheduling.k8s.io"),
		})
	}
	if who := v.may([]right{{verb: "create", group: "scheduling.k8s.io", resource: "priorityclasses"}}); len(who) > 0 {
		found = append(found, Finding{
			Severity: Warning,
			What:     fmt.Sprintf("PriorityClasses can be made by %s.", named(who)),
			Why:      "One that is the cluster's default gives its priority to every run.",
			Fix:      whoMay("create", "priorityclasses.scheduling.k8s.io"),
		})
	}
	return found
}

// coreBudget finds core's pods that no PodDisruptionBudget covers. A pod that is alone is left out: a budget that helped
// it would hold up every drain.
func coreBudget(v View) []Finding {
	core, replicas := v.identified(isCore), map[types.UID]int{}
	for _, pod := range core {
		replicas[controllerOf(pod)]++
	}
	var open []string
	for _, pod := range core {
		if of := controllerOf(pod); of != "" && replicas[of] > 1 && !v.budgeted(pod) {
			open = append(open, pod.Name)
		}
	}
	if len(open) == 0 {
		return nil
	}
	slices.Sort(open)
	return []Finding{{
		Severity: Info,
		What:     fmt.Sprintf("No PodDisruptionBudget covers %s %s of Polyaxon's core.", are(open, "pod", "pods"), named(open)),
		Why:      "A drain may take all replicas at once, and preemption takes first what no budget covers.",
		Fix:      fmt.Sprintf("kubectl -n %s create poddisruptionbudget NAME --selector=KEY=VALUE --max-unavailable=1", core[0].Namespace),
	}}
}

func controllerOf(pod *corev1.Pod) types.UID {
	if owner := metav1.GetControllerOfNoCopy(pod); owner != nil {
		return owner.UID
	}
	return ""
}

func (v View) budgeted(pod *corev1.Pod) bool {
	return slices.ContainsFunc(v.Budgets, func(b *policyv1.PodDisruptionBudget) bool {
		selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		return err == nil && b.Namespace == pod.Namespace && selector.Matches(labels.Set(pod.Labels))
	})
}
