package preview

import (
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/polymoat/polymoat/internal/policy"
)

// A pod that runs carries what the policy in force gave it. Were that taken for the pod's own wish, no new policy would
// ever move it: what a pod says itself is kept, or refused. Where no template tells what the pod itself said, Undo takes
// back all that the policy would put there anyway.
//
// It is sound: the policy in force makes the same pod of what is left as it makes of the live one, so nothing is taken
// away that only its user can have written. It takes as much as it can: what the user wrote and the policy would have
// written too, to the letter, counts as the policy's.

// Undo returns the pod of a request without all that the policy would put back. The pod itself is left as it was.
func Undo(p *policy.Policy, r policy.Request) *corev1.Pod {
	u := &undoing{policy: p, request: r}
	placed := p.Mutate(r)
	if placed.Verdict == policy.OutOfScope {
		return r.Pod
	}
	u.want = orOwn(placed, r.Pod)
	return u.without(r.Pod, pieces(r.Pod))
}

// orOwn is the pod that a decision placed, or the one that it left as it was.
func orOwn(d policy.Decision, own *corev1.Pod) *corev1.Pod {
	if d.Pod != nil {
		return d.Pod
	}
	return own
}

type undoing struct {
	policy  *policy.Policy
	request policy.Request
	want    *corev1.Pod
}

// piece takes one thing out of a pod.
type piece func(*corev1.Pod)

// without takes as many of the pieces out of the pod as the policy puts back: all at once where it can, else by halves.
func (u *undoing) without(pod *corev1.Pod, pieces []piece) *corev1.Pod {
	if len(pieces) == 0 {
		return pod
	}
	less := pod.DeepCopy()
	for _, take := range pieces {
		take(less)
	}
	prune(less)
	u.request.Pod = less
	if alike(orOwn(u.policy.Mutate(u.request), less), u.want) {
		return less
	}
	if len(pieces) == 1 {
		return pod
	}
	half := len(pieces) / 2
	return u.without(u.without(pod, pieces[:half]), pieces[half:])
}

// alike compares two pods in all that a policy can change.
func alike(a, b *corev1.Pod) bool {
	same := equality.Semantic.DeepEqual
	return same(a.Spec.NodeSelector, b.Spec.NodeSelector) && sameTolerations(a.Spec.Tolerations, b.Spec.Tolerations) &&
		same(a.Spec.Affinity, b.Spec.Affinity) && same(a.Spec.SecurityContext, b.Spec.SecurityContext) &&
		slices.EqualFunc(a.Spec.InitContainers, b.Spec.InitContainers, sameContext) &&
		slices.EqualFunc(a.Spec.Containers, b.Spec.Containers, sameContext)
}

func sameContext(a, b corev1.Container) bool {
	return equality.Semantic.DeepEqual(a.SecurityContext, b.SecurityContext)
}

// sameTolerations disregards their order, which means nothing.
func sameTolerations(a, b []corev1.Toleration) bool {
	within := func(list []corev1.Toleration) func(corev1.Toleration) bool {
		return func(t corev1.Toleration) bool { return !slices.ContainsFunc(list, equalTo(t)) }
	}
	return len(a) == len(b) && !slices.ContainsFunc(a, within(b)) && !slices.ContainsFunc(b, within(a))
}

func equalTo[T any](a T) func(T) bool {
	return func(b T) bool { return equality.Semantic.DeepEqual(a, b) }
}

// pieces are all things in the pod that a policy may have put there.
func pieces(pod *corev1.Pod) []piece {
	var all []piece
	for _, t := range pod.Spec.Tolerations {
		all = append(all, func(p *corev1.Pod) { p.Spec.Tolerations = slices.DeleteFunc(p.Spec.Tolerations, equalTo(t)) })
	}
	for key := range pod.Spec.NodeSelector {
		all = append(all, func(p *corev1.Pod) { delete(p.Spec.NodeSelector, key) })
	}
	all = append(all, affinityPieces(pod.Spec.Affinity)...)
	all = append(all, contextPieces(pod, func(p *corev1.Pod) any { return p.Spec.SecurityContext })...)
	for i := range pod.Spec.InitContainers {
		all = append(all, containerPieces(pod, func(p *corev1.Pod) *corev1.SecurityContext { return p.Spec.InitContainers[i].SecurityContext })...)
	}
	for i := range pod.Spec.Containers {
		all = append(all, containerPieces(pod, func(p *corev1.Pod) *corev1.SecurityContext { return p.Spec.Containers[i].SecurityContext })...)
	}
	return all
}

// containerPieces are the capabilities that a container drops, one by one, and the fields of its security context.
func containerPieces(pod *corev1.Pod, of func(*corev1.Pod) *corev1.SecurityContext) []piece {
	var all []piece
	if sc := of(pod); sc != nil && sc.Capabilities != nil && len(sc.Capabilities.Drop) > 1 {
		for _, dropped := range sc.Capabilities.Drop {
			all = append(all, func(p *corev1.Pod) {
				of(p).Capabilities.Drop = slices.DeleteFunc(of(p).Capabilities.Drop, equalTo(dropped))
			})
		}
	}
	return append(all, contextPieces(pod, func(p *corev1.Pod) any { return of(p) })...)
}

// contextPieces are the fields of a security context that are set.
func contextPieces(pod *corev1.Pod, of func(*corev1.Pod) any) []piece {
	context := reflect.ValueOf(of(pod))
	if context.IsNil() {
		return nil
	}
	var all []piece
	for i := range context.Elem().NumField() {
		if !context.Elem().Field(i).IsNil() {
			all = append(all, func(p *corev1.Pod) { reflect.ValueOf(of(p)).Elem().Field(i).SetZero() })
		}
	}
	return all
}
