package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// hardenContainer fills in one container's security context, but for what the pod itself says for all; with identity it
// takes on what the pod could not.
func (e *edit) hardenContainer(c containerAt, ctx contexts, own corev1.PodSecurityContext, identity bool) {
	at := func() *field.Path { return c.path().Child("securityContext") }
	if ctx.container != nil {
		c.SecurityContext = orNew(c.SecurityContext)
		skip := e.clashes(c, ctx.container, own)
		if !slices.Contains(skip, "capabilities") {
			e.dropCapabilities(at, c.SecurityContext, ctx.container.Capabilities, ctx.source)
		}
		e.fill(at, c.SecurityContext, ctx.container, ctx.source, skip)
	}
	if identity && ctx.pod != nil {
		c.SecurityContext = orNew(c.SecurityContext)
		pod := orNew(e.pod.Spec.SecurityContext)
		src := corev1.SecurityContext{}
		if pod.RunAsUser == nil {
			src.RunAsUser = ctx.pod.RunAsUser
		}
		if pod.RunAsGroup == nil {
			src.RunAsGroup = ctx.pod.RunAsGroup
		}
		if pod.RunAsNonRoot == nil && !isRoot(pod, c) {
			src.RunAsNonRoot = ctx.pod.RunAsNonRoot
		}
		if pod.SeccompProfile == nil {
			src.SeccompProfile = ctx.pod.SeccompProfile
		}
		e.fill(at, c.SecurityContext, &src, ctx.source, nil)
	}
}

// isRoot says whether the container asks for root in so many words. Where that is let through, a kubelet would not start
// it with runAsNonRoot.
func isRoot(pod *corev1.PodSecurityContext, c containerAt) bool {
	uid := effectiveUser(pod, c)
	return uid != nil && *uid == 0
}

func hasRoot(spec *corev1.PodSpec) bool {
	for c := range containers(spec) {
		if isRoot(spec.SecurityContext, c) {
			return true
		}
	}
	return false
}

// dropCapabilities adds to a container's own list of dropped capabilities; where there is no list, fill sets it.
// The list may be the policy's own: a new one takes its place.
func (e *edit) dropCapabilities(at func() *field.Path, sc *corev1.SecurityContext, want *corev1.Capabilities, source Source) {
	if want == nil || sc.Capabilities == nil || slices.Contains(sc.Capabilities.Drop, "ALL") {
		return
	}
	was := sc.Capabilities.Drop
	is := merge(was, want.Drop)
	if len(is) == len(was) {
		return
	}
	sc.Capabilities = &corev1.Capabilities{Add: sc.Capabilities.Add, Drop: is}
	e.record(func() Change { return changeOf(at().Child("capabilities", "drop"), orNil(was), is, source) })
}

// orNil keeps an empty list from being recorded as an old value.
func orNil[T any](list []T) any {
	if len(list) == 0 {
		return nil
	}
	return list
}
