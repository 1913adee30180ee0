package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// homeUser is the name of the user beside a HOME of ours.
const homeUser = "polyaxon"

// giveHome sets HOME and USER in the containers of whose uid the pod said nothing before it was hardened, and which the
// image does not know: a runtime gives such a user "/", which it may not write. A container that sets HOME, or may take it
// from a ConfigMap or Secret, is left alone.
func (s *subject) giveHome(e *edit, before *corev1.Pod) {
	image := s.image(before)
	if s.in.home == "" || s.hardeningRole.keeps || image != nil && image.Home == v1alpha1.KeepHome {
		return
	}
	created := e.pod.Spec
	created.EphemeralContainers = nil
	was := slices.Collect(containers(&before.Spec))
	at := 0
	for c := range containers(&created) {
		own := was[at]
		at++
		if effectiveUser(before.Spec.SecurityContext, own) != nil || effectiveUser(created.SecurityContext, c) == nil ||
			len(c.EnvFrom) > 0 || sets(c.Env, "HOME") {
			continue
		}
		added := []corev1.EnvVar{{Name: "HOME", Value: s.in.home}}
		if !sets(c.Env, "USER") {
			added = append(added, corev1.EnvVar{Name: "USER", Value: homeUser})
		}
		e.addEnv(c, added)
	}
}

func sets(env []corev1.EnvVar, name string) bool {
	return slices.ContainsFunc(env, func(v corev1.EnvVar) bool { return v.Name == name })
}

// addEnv appends variables. The list may be the request's: a new one takes its place.
func (e *edit) addEnv(c containerAt, added []corev1.EnvVar) {
	c.Env = slices.Concat(c.Env, added)
	for _, v := range added {
		e.record(func() Change { return changeOf(c.path().Child("env").Key(v.Name), nil, v.Value, FromDefault) })
	}
}
