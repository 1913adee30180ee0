package policy

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

var pathSecurityContext = field.NewPath("spec", "securityContext")

// identityFields decide as which user a container runs. In a pod with exempt containers, or with some that ask for root, they
// are set on the other containers one by one, because what the pod sets holds for all.
var identityFields = []string{"runAsUser", "runAsGroup", "runAsNonRoot"}

// harden fills in the security contexts of the pod and of its init, sidecar and regular containers. Only what is open
// is filled in: what the pod says itself stays, on whichever level it says it, and Validate judges it. Windows pods are
// left alone, because the API server or the kubelet refuses them with Linux fields; the rules judge them as Linux pods.
func (s *subject) harden(e *edit) {
	spec := &e.pod.Spec
	if windowsBy(spec) != nil {
		return
	}
	mixed, all := s.hasExempt(spec) || hasRoot(spec), s.contexts(e.pod)
	own := e.fillPod(all, mixed)
	created := *spec
	created.EphemeralContainers = nil // they come later, by an update
	for c := range containers(&created) {
		if s.exempt(c.Container) {
			continue
		}
		for _, ctx := range all {
			e.hardenContainer(c, ctx, own, mixed)
		}
		s.setGroup(e, c)
	}
}

// fillPod fills in the security context of the pod. It returns what the pod says there, itself, by an override or by its
// image: no context of a container may stand before that.
func (e *edit) fillPod(all []contexts, mixed bool) (own corev1.PodSecurityContext) {
	spec := &e.pod.Spec
	e.fillSeccomp(all)
	own = *orNew(spec.SecurityContext)
	was := own.FSGroup
	for _, c := range all {
		if c.pod == nil {
			continue
		}
		spec.SecurityContext = orNew(spec.SecurityContext)
		skip := e.podClashes()
		if mixed && c.source != FromOverride { // an override is asked for the whole pod
			skip = append(skip, identityFields...)
		}
		e.fill(podPlace, spec.SecurityContext, c.pod, c.source, skip)
		if c.source == FromOverride || c.source == FromImage {
			own = *spec.SecurityContext
		}
	}
	if was == nil && spec.SecurityContext != nil && spec.SecurityContext.FSGroup != nil {
		// To change the owner of every file of a large volume takes long, each time.
		once := corev1.PodSecurityContext{FSGroupChangePolicy: new(corev1.FSGroupChangeOnRootMismatch)}
		e.fill(podPlace, spec.SecurityContext, &once, FromDefault, nil)
	}
	return own
}

// contexts are the security contexts to fill in, the strongest first: the override's, the image's, then those of s.hardeningRole.
func (s *subject) contexts(pod *corev1.Pod) []contexts {
	all := s.hardeningRole.contexts
	if image := s.image(pod); image != nil {
		ids := &corev1.PodSecurityContext{RunAsUser: image.RunAsUser, RunAsGroup: image.RunAsGroup, FSGroup: image.FSGroup}
		all = append([]contexts{{pod: ids, source: FromImage}}, all...)
	}
	if asked := &s.asked.Identity; asked.RunAsUser != nil || asked.RunAsGroup != nil || asked.FSGroup != nil {
		all = append([]contexts{{pod: asked, source: FromOverride}}, all...)
	}
	return all
}

// hardenAdded fills in the security contexts of the ephemeral containers that an update adds, and of nothing else. What
// the pod does not say, because it was there before the policy, they say themselves.
func (s *subject) hardenAdded(e *edit, old *corev1.Pod) {
	if windowsBy(&e.pod.Spec) != nil {
		return
	}
	had, all, own := map[string]bool{}, s.contexts(e.pod), *orNew(e.pod.Spec.SecurityContext)
	for _, o := range old.Spec.EphemeralContainers {
		had[o.Name] = true
	}
	for c := range containers(&e.pod.Spec) {
		if !c.ephemeral || had[c.Name] || s.exempt(c.Container) {
			continue
		}
		for _, ctx := range all {
			e.hardenContainer(c, ctx, own, true)
		}
		s.setGroup(e, c)
	}
}

// setGroup gives a container that has a uid by now and no group the policy's default one, in roles that may not run as
// the root group: without one the runtime may choose that. Mostly the contexts have brought both.
func (s *subject) setGroup(e *edit, c containerAt) {
	pod := e.pod.Spec.SecurityContext
	if s.hardeningRole.level != v1alpha1.Restricted || effectiveUser(pod, c) == nil || effectiveGroup(pod, c) != nil {
		return
	}
	c.SecurityContext = orNew(c.SecurityContext)
	at := func() *field.Path { return c.path().Child("securityContext") }
	e.fill(at, c.SecurityContext, &corev1.SecurityContext{RunAsGroup: &s.in.gid}, FromDefault, nil)
}
