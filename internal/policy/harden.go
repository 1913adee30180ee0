package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

var pathSecurityContext = field.NewPath("spec", "securityContext")

// identityFields decide as whom a container runs. In a pod with exempt containers, or with some that ask for root, they
// are set on the other containers one by one, because what the pod sets holds for all.
var identityFields = []string{"runAsUser", "runAsGroup", "runAsNonRoot"}

// harden fills in the security contexts of the pod and of its init, sidecar and regular containers. Only what is open
// is filled in: what the pod says itself stays, and Validate judges it. Windows pods are left alone, because the API
// server refuses them with Linux fields; the rules judge them as Linux pods.
func (s *subject) harden(e *edit) {
	spec := &e.pod.Spec
	if isWindows(spec) {
		return
	}
	mixed, all := s.hasExempt(spec) || hasRoot(spec), s.contexts()
	for _, c := range all {
		if c.pod == nil {
			continue
		}
		spec.SecurityContext = orNew(spec.SecurityContext)
		var skip []string
		if mixed && c.source != FromOverride { // an override is asked for the whole pod
			skip = identityFields
		}
		e.fill(podPlace, spec.SecurityContext, c.pod, c.source, skip)
	}
	created := *spec
	created.EphemeralContainers = nil // they come later, by an update
	for c := range containers(&created) {
		if s.exempt(c.Container) {
			continue
		}
		for _, ctx := range all {
			e.hardenContainer(c, ctx, mixed)
		}
		s.setGroup(e, c)
	}
}

// contexts are the security contexts to fill in, the strongest first: the override's, then those of s.hard. Where the
// role gives containers an identity, the override does so too, because a container's counts before the pod's.
func (s *subject) contexts() []contexts {
	asked := &s.asked.identity
	if asked.RunAsUser == nil && asked.RunAsGroup == nil && asked.FSGroup == nil {
		return s.hard.contexts
	}
	own := contexts{pod: asked, source: FromOverride}
	for _, c := range s.hard.contexts {
		if c.container != nil && (c.container.RunAsUser != nil || c.container.RunAsGroup != nil) {
			own.container = &corev1.SecurityContext{RunAsUser: asked.RunAsUser, RunAsGroup: asked.RunAsGroup}
		}
	}
	return append([]contexts{own}, s.hard.contexts...)
}

// hardenAdded fills in the security contexts of the ephemeral containers that an update adds, and of nothing else. What
// the pod does not say, because it was there before the policy, they say themselves.
func (s *subject) hardenAdded(e *edit, old *corev1.Pod) {
	if isWindows(&e.pod.Spec) {
		return
	}
	had, all := map[string]bool{}, s.contexts()
	for _, o := range old.Spec.EphemeralContainers {
		had[o.Name] = true
	}
	for c := range containers(&e.pod.Spec) {
		if !c.ephemeral || had[c.Name] || s.exempt(c.Container) {
			continue
		}
		for _, ctx := range all {
			e.hardenContainer(c, ctx, true)
		}
		s.setGroup(e, c)
	}
}

// setGroup gives a container that has a uid by now and no group the policy's default one, in roles that may not run as
// the root group: without one the runtime may choose that. Mostly the contexts have brought both.
func (s *subject) setGroup(e *edit, c containerAt) {
	pod := e.pod.Spec.SecurityContext
	if s.hard.level != v1alpha1.Restricted || effectiveUser(pod, c) == nil || effectiveGroup(pod, c) != nil {
		return
	}
	c.SecurityContext = orNew(c.SecurityContext)
	at := func() *field.Path { return c.path().Child("securityContext") }
	e.fill(at, c.SecurityContext, &corev1.SecurityContext{RunAsGroup: &s.in.gid}, FromDefault, nil)
}

func isWindows(spec *corev1.PodSpec) bool { return spec.OS != nil && spec.OS.Name == corev1.Windows }

// hardenContainer fills in one container's security context; with identity it takes on what the pod could not.
func (e *edit) hardenContainer(c containerAt, ctx contexts, identity bool) {
	at := func() *field.Path { return c.path().Child("securityContext") }
	if ctx.container != nil {
		c.SecurityContext = orNew(c.SecurityContext)
		var skip []string
		if mayEscalate(c.SecurityContext) {
			skip = append(skip, "allowPrivilegeEscalation")
		}
		if isRoot(e.pod.Spec.SecurityContext, c) {
			skip = append(skip, "runAsNonRoot")
		}
		e.dropCapabilities(at, c.SecurityContext, ctx.container.Capabilities, ctx.source)
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

// mayEscalate says whether the API server refuses allowPrivilegeEscalation=false next to what the container asks for.
// pod-security then names the privilege itself.
func mayEscalate(sc *corev1.SecurityContext) bool {
	if sc.Privileged != nil && *sc.Privileged {
		return true
	}
	return sc.Capabilities != nil && slices.Contains(sc.Capabilities.Add, "CAP_SYS_ADMIN")
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
