package policy

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/landing"
)

// mostSteps is how much one decision may do, whatever is in its pods. A step is one look at an entry of a list or a map,
// or at 64 bytes of a string: some hundred nanoseconds at most. The largest pods that anybody needs take thousands.
const mostSteps = 2 << 20

// bytesAStep is how much of a string is one step.
const bytesAStep = 64

// steps are those that a decision took. Counting them takes no clock: the same request takes as many everywhere.
type steps struct{ taken, warning int }

// begin counts the steps of a request, or goes on counting where it is part of another decision.
func (s *steps) begin() *steps {
	if s == nil {
		return &steps{}
	}
	return s
}

// take says whether the decision may take so many more steps.
func (s *steps) take(n int) bool {
	s.taken += n
	return s.taken <= mostSteps
}

// warn says whether it may take so many for a warning: without them it is as good a decision, and says less.
func (s *steps) warn(n int) bool {
	s.warning += n
	return s.warning <= mostSteps/4
}

// over says whether the decision has given up.
func (s *steps) over() bool { return s.taken > mostSteps }

// part is a part of a pod and how many steps it takes to look at it once.
type part struct {
	at   *field.Path
	size func(*corev1.Pod) int
}

// parts are those parts of a pod that rules look at.
var parts = []part{
	{field.NewPath("metadata", "labels"), func(pod *corev1.Pod) int { return mapSize(pod.Labels) }},
	{field.NewPath("metadata", "annotations"), func(pod *corev1.Pod) int { return mapSize(pod.Annotations) }},
	{field.NewPath("metadata", "ownerReferences"), func(pod *corev1.Pod) int { return len(pod.OwnerReferences) }},
	{pathNodeSelector, func(pod *corev1.Pod) int { return mapSize(pod.Spec.NodeSelector) }},
	{pathTolerations, func(pod *corev1.Pod) int { return len(pod.Spec.Tolerations) }},
	{pathAffinity.Child("nodeAffinity"), func(pod *corev1.Pod) int { return landing.Constraints{Affinity: landing.Of(&pod.Spec).Affinity}.Size() }},
	{pathAffinity.Child("podAntiAffinity"), func(pod *corev1.Pod) int { return antiAffinitySize(pod.Spec.Affinity) }},
	{pathSpec.Child("volumes"), func(pod *corev1.Pod) int { return len(pod.Spec.Volumes) }},
	{pathSpec.Child("initContainers"), func(pod *corev1.Pod) int {
		return containersSize(&corev1.PodSpec{InitContainers: pod.Spec.InitContainers})
	}},
	{pathSpec.Child("containers"), func(pod *corev1.Pod) int { return containersSize(&corev1.PodSpec{Containers: pod.Spec.Containers}) }},
	{pathSpec.Child("ephemeralContainers"), func(pod *corev1.Pod) int {
		return containersSize(&corev1.PodSpec{EphemeralContainers: pod.Spec.EphemeralContainers})
	}},
}

// size is how many steps it takes to look at the pod once.
func size(pod *corev1.Pod) int {
	n := 1
	for _, p := range parts {
		n += p.size(pod)
	}
	return n
}

// largest is the part of a pod that takes the most steps.
func largest(pod *corev1.Pod) *field.Path {
	return slices.MaxFunc(parts, func(a, b part) int { return a.size(pod) - b.size(pod) }).at
}

func mapSize(m map[string]string) int {
	n := len(m)
	for key, value := range m {
		n += (len(key) + len(value)) / bytesAStep
	}
	return n
}

func listSize(list []string) int {
	n := len(list)
	for _, s := range list {
		n += len(s) / bytesAStep
	}
	return n
}

func antiAffinitySize(a *corev1.Affinity) int {
	n := 0
	for _, term := range antiAffinity(a) {
		n += 1 + listSize(term.Namespaces)
	}
	return n
}

// containersSize counts a container as several entries: a dozen of its fields are looked at and filled in.
func containersSize(spec *corev1.PodSpec) int {
	n := 0
	for c := range containers(spec) {
		n += 8 + len(c.Ports) + listSize(c.Command) + listSize(c.Args) + (len(c.Name)+len(c.Image))/bytesAStep
		if sc := c.SecurityContext; sc != nil && sc.Capabilities != nil {
			n += 4 * (len(sc.Capabilities.Add) + len(sc.Capabilities.Drop)) // they are sorted
		}
	}
	return n
}

// searchSize is how many steps it takes to hold the pod against all pools that it may use, each in three ways, or must
// not.
func (s *subject) searchSize(protected []*pool, pod *corev1.Pod) int {
	return landing.Of(&pod.Spec).Size() * (3*len(s.pools) + len(protected))
}

// gaveUp is the decision of a request that takes too much work.
func (d Decision) gaveUp(r Request, v Verdict) Decision {
	return Decision{
		Verdict: v, Policy: d.Policy, Hash: d.Hash, Resource: d.Resource, Role: d.Role, Why: d.Why,
		TooLarge: tooLarge(r.Pod), Steps: mostSteps,
	}
}

// gaveUpOn is the decision on a workload of which one template takes too much work, or they all together.
func (d Decision) gaveUpOn(w Workload, t Template) Decision {
	d = d.gaveUp(Request{Pod: t.Pod, steps: w.steps}, Denied)
	d.TooLarge = t.At.String() + "." + d.TooLarge
	return d
}

// tooLarge says what of a pod makes its decision give up.
func tooLarge(pod *corev1.Pod) string {
	return fmt.Sprintf("%s takes more work than a decision may; make it smaller", largest(pod))
}
