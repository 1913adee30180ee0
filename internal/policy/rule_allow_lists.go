package policy

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Three fields of a pod name something that the cluster's administrator set up, and with it more than the name tells:
// another scheduler may look at no taint, a RuntimeClass brings tolerations of its own, a PriorityClass evicts others.
// Polyaxon copies all three from a user's file.
//
// Each rule refuses a name that is not in the role's list; a role without a list leaves the field free. Where content
// or an override moved the pod to another role, all lists count: what a user can write frees of nothing.
//
// A PriorityClass is refused as well where the cluster's own is known and its value is not below the priority of every
// core pod: what it evicts may then be core (priority.go). One whose preemptionPolicy is Never evicts nobody.

// schedulerName is about spec.schedulerName; "default-scheduler" is what the API server writes where there is none.
func schedulerName(v View) []Violation {
	name := v.Pod.Spec.SchedulerName
	if name == corev1.DefaultSchedulerName {
		return nil
	}
	return v.notListed(pathSpec.Child("schedulerName"), name, func(r *role) []string { return r.schedulers })
}

// runtimeClass is about spec.runtimeClassName.
func runtimeClass(v View) []Violation {
	if v.Pod.Spec.RuntimeClassName == nil {
		return nil
	}
	return v.notListed(pathSpec.Child("runtimeClassName"), *v.Pod.Spec.RuntimeClassName, func(r *role) []string { return r.runtimes })
}

// priorityClass is about spec.priorityClassName.
func priorityClass(v View) []Violation {
	found := v.notListed(pathPriorityClass, v.Pod.Spec.PriorityClassName, func(r *role) []string { return r.priorities })
	if len(found) > 0 {
		return found
	}
	return v.outranking()
}

func (v View) notListed(path *field.Path, name string, listOf func(*role) []string) []Violation {
	if name == "" {
		return nil
	}
	for _, r := range []*role{v.role, v.ownRole, v.labelRole} {
		list := listOf(r)
		if list == nil || slices.Contains(list, name) {
			continue
		}
		fix := "remove it"
		if len(list) > 0 {
			fix = "remove it or set it to " + either(list)
		}
		return []Violation{{Field: path, Detail: fmt.Sprintf("is %q, which role %q may not use", short(name), r.name), Fix: fix}}
	}
	return nil
}
