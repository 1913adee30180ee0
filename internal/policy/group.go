package policy

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// GroupAPI is the API group of PodGroups, CompositePodGroups and Workloads.
const GroupAPI = "scheduling.k8s.io"

// Class is a PriorityClass that such an object names for a group of pods.
type Class struct {
	At   *field.Path // spec.priorityClassName
	Name string
}

// A group of pods evicts by its own priority, from the whole cluster. It may be created after its pods, so that it is
// judged by itself: refused is one that names a PriorityClass which is not below core (rule priority-class), but from those
// who are trusted with core, and from the Job controller for a Job of core. That the class evicts nobody does not count:
// by default the scheduler asks the pods of a group. A group that names none gets the cluster's default: its pods are
// held against that.
func (p *Policy) groups(w Workload) []Violation {
	if w.Resource.Group != GroupAPI || w.ofCoreJob() {
		return nil
	}
	var found []Violation
	for _, c := range w.Classes {
		if v, ok := p.overCore(w.Priorities, c); ok {
			found = append(found, v)
		}
	}
	return found
}

func (p *Policy) overCore(known *Priorities, c Class) (Violation, bool) {
	if known == nil || known.Unlisted {
		return Violation{
			Rule: rulePriorityClass, Field: c.At, Fix: "remove it, or try again",
			Detail: fmt.Sprintf("is %q, and polymoat does not know the cluster's priorities yet", short(c.Name)),
		}, true
	}
	class, exists := known.Classes[c.Name]
	rank := p.coreRank(known)
	if !exists || class.Default || class.Value < rank {
		return Violation{}, false
	}
	v := outranks(c.Name, class.Value, rank)
	v.Rule, v.Field, v.Fix = rulePriorityClass, c.At, "remove it or name a class of a lower value"
	return v, true
}

// ofCoreJob says whether the Job controller makes the object for a Job of core.
func (w Workload) ofCoreJob() bool {
	return w.User.isController("job-controller") && slices.ContainsFunc(w.Owners, func(o metav1.OwnerReference) bool {
		return slices.ContainsFunc(w.Core, func(c CoreWorkload) bool { return c.UID == o.UID })
	})
}
