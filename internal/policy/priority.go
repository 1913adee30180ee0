package policy

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/displacement"
)

// Priorities are what is known of priorities in a cluster. They are read-only.
type Priorities struct {
	// Classes are all PriorityClasses by name.
	Classes map[string]PriorityClass
	// Lowest is the lowest priority of the core pods that are there, of all installations; nil where there are none.
	Lowest *int32
	// Unlisted says that not all core pods could be looked at: one of them may have any priority.
	Unlisted bool
	// GroupsReviewed says that polymoat is asked about PodGroups before they are stored.
	GroupsReviewed bool
}

// PriorityClass is one of the cluster.
type PriorityClass struct {
	Value   int32
	Never   bool // preemptionPolicy: Never
	Default bool // globalDefault: the API server writes its name into pods that name none
}

// ClassOf is what decisions need to know of a PriorityClass.
func ClassOf(c *schedulingv1.PriorityClass) PriorityClass {
	never := c.PreemptionPolicy != nil && *c.PreemptionPolicy == corev1.PreemptNever
	return PriorityClass{Value: c.Value, Never: never, Default: c.GlobalDefault}
}

// Count takes the priority of one more core pod that is there.
func (p *Priorities) Count(priority int32) {
	if p.Lowest == nil || priority < *p.Lowest {
		p.Lowest = &priority
	}
}

// IsCore says whether a pod that is there is part of Polyaxon: only the trusted may create one that claims to be.
func (p *Policy) IsCore(pod *corev1.Pod) bool {
	in := p.governed[pod.Namespace]
	return in != nil && in.isCore(pod)
}

// defaultClass is the name of the class of pods that name none, and the class; "" and the zero class where there is none.
func (p *Priorities) defaultClass() (string, PriorityClass) {
	name, lowest := "", PriorityClass{}
	for n, c := range p.Classes {
		if c.Default && (name == "" || c.Value < lowest.Value) { // the API server takes the lowest of several, too
			name, lowest = n, c
		}
	}
	return name, lowest
}

// coreRank is the lowest priority that a core pod has, or would be given if it were created now.
func (p *Policy) coreRank(known *Priorities) int32 {
	rank, ok := ptr.Deref(known.Lowest, 0), known.Lowest != nil
	for name := range p.coreClasses {
		if class, exists := known.Classes[name]; exists && (!ok || class.Value < rank) {
			rank, ok = class.Value, true
		}
	}
	if !ok {
		_, class := known.defaultClass()
		return class.Value
	}
	return rank
}

// prioritize gives a core pod that names no PriorityClass the policy's, where the cluster has it. The API server resolved
// the priority before; it does so again, and refuses a pod in which another one is left. The pods of a group must have
// the group's priority: they are left alone.
func (s *subject) prioritize(e *edit, known *Priorities) {
	class, spec := s.in.coreClass, &e.pod.Spec
	if s.role.name != v1alpha1.RoleCore || known == nil || class == "" || spec.SchedulingGroup != nil {
		return
	}
	if _, exists := known.Classes[class]; !exists || spec.PriorityClassName == class {
		return
	}
	if name, _ := known.defaultClass(); spec.PriorityClassName != "" && spec.PriorityClassName != name {
		return
	}
	var was any
	if spec.PriorityClassName != "" {
		was = spec.PriorityClassName
	}
	spec.PriorityClassName = class
	e.record(func() Change { return changeOf(pathPriorityClass, was, class, FromPolicy) })
	if p := spec.Priority; p != nil {
		spec.Priority = nil
		e.record(func() Change { return changeOf(pathSpec.Child("priority"), *p, nil, FromPolicy) })
	}
	if p := spec.PreemptionPolicy; p != nil {
		spec.PreemptionPolicy = nil
		e.record(func() Change { return changeOf(pathSpec.Child("preemptionPolicy"), *p, nil, FromPolicy) })
	}
}

// preemptor is the pod as preemption looks at it: what the API server resolved counts, else its class, else the default.
func (known *Priorities) preemptor(spec *corev1.PodSpec) displacement.Preemptor {
	class, exists := known.Classes[spec.PriorityClassName]
	if !exists {
		_, class = known.defaultClass()
	}
	p := displacement.Preemptor{Priority: ptr.Deref(spec.Priority, class.Value), Never: class.Never}
	if policy := spec.PreemptionPolicy; policy != nil {
		p.Never = *policy == corev1.PreemptNever
	}
	return p
}

// outranking is the violation of a pod whose class is not below core. A class that the API server gave it is none: doctor
// tells of such a default.
func (v View) outranking() []Violation {
	name := v.Pod.Spec.PriorityClassName
	if v.Priorities == nil || v.Priorities.Unlisted || v.role.name == v1alpha1.RoleCore {
		return nil
	}
	class, exists := v.Priorities.Classes[name]
	if !exists || class.Default {
		return nil
	}
	p := v.Priorities.preemptor(&v.Pod.Spec)
	if p.Never || p.Priority < v.coreRank {
		return nil
	}
	return []Violation{outranks(name, p.Priority, v.coreRank)}
}

// outranks words that a class is not below core.
func outranks(name string, value, rank int32) Violation {
	return Violation{
		Field:  pathPriorityClass,
		Detail: fmt.Sprintf("is %q, whose value %d is not below core's lowest priority, %d", short(name), value, rank),
		Fix:    "remove it or name a class of a lower value, or of preemptionPolicy Never",
	}
}
