package policy

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// Some fields of a security context are not filled in although they are open: they would stand before what the pod says
// itself in another place, or the API server would refuse them beside it.

// clashes are the fields of a context for containers that are not filled in for one of them. own is what the pod says
// for all of its containers.
func (e *edit) clashes(c containerAt, ctx *corev1.SecurityContext, own corev1.PodSecurityContext) []string {
	skip := saidForAll(own)
	sc := c.SecurityContext
	if mayEscalate(sc) { // pod-security names the privilege itself
		skip = append(skip, "allowPrivilegeEscalation")
	}
	if sc.AllowPrivilegeEscalation != nil && !*sc.AllowPrivilegeEscalation {
		skip = append(skip, escalations(ctx)...)
	}
	if isRoot(e.pod.Spec.SecurityContext, c) { // a kubelet would not start it
		skip = append(skip, "runAsNonRoot")
	}
	if _, annotated := e.pod.Annotations[corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix+c.Name]; annotated {
		skip = append(skip, "appArmorProfile") // the API server makes it the field, and refuses another one beside it
	}
	if _, annotated := e.pod.Annotations[corev1.SeccompContainerAnnotationKeyPrefix+c.Name]; annotated {
		skip = append(skip, "seccompProfile")
	}
	if ptr.Deref(e.pod.Spec.HostUsers, true) && ptr.Deref(ctx.ProcMount, "") == corev1.UnmaskedProcMount {
		skip = append(skip, "procMount")
	}
	if e.pod.Spec.OS != nil {
		skip = append(skip, "windowsOptions")
	}
	return skip
}

// saidForAll are the fields that the pod itself sets for all of its containers. One of a container would stand before it.
func saidForAll(own corev1.PodSecurityContext) []string {
	var said []string
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"runAsUser", own.RunAsUser != nil}, {"runAsGroup", own.RunAsGroup != nil}, {"runAsNonRoot", own.RunAsNonRoot != nil},
		{"seccompProfile", own.SeccompProfile != nil}, {"appArmorProfile", own.AppArmorProfile != nil},
		{"seLinuxOptions", own.SELinuxOptions != nil}, {"windowsOptions", own.WindowsOptions != nil},
	} {
		if f.set {
			said = append(said, f.name)
		}
	}
	return said
}

// mayEscalate says whether the API server refuses allowPrivilegeEscalation=false next to what the container asks for.
func mayEscalate(sc *corev1.SecurityContext) bool { return len(escalations(sc)) > 0 }

// escalations are the fields of a context beside which the API server refuses allowPrivilegeEscalation=false.
func escalations(sc *corev1.SecurityContext) []string {
	var fields []string
	if ptr.Deref(sc.Privileged, false) {
		fields = append(fields, "privileged")
	}
	if sc.Capabilities != nil && slices.Contains(sc.Capabilities.Add, "CAP_SYS_ADMIN") {
		fields = append(fields, "capabilities")
	}
	return fields
}

// podClashes are the fields that are not filled in for the whole pod. The API server makes the annotations about AppArmor
// fields of their containers. One that it cannot read counts all the same, and must then say what the pod says.
func (e *edit) podClashes() []string {
	var skip []string
	if e.pod.Spec.OS != nil {
		skip = append(skip, "windowsOptions")
	}
	for key, value := range e.pod.Annotations {
		if strings.HasPrefix(key, corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix) && !isAppArmor(value) {
			return append(skip, "appArmorProfile")
		}
	}
	return skip
}

// isAppArmor says whether the value of an annotation can be a field.
func isAppArmor(value string) bool {
	name, local := strings.CutPrefix(value, corev1.DeprecatedAppArmorBetaProfileNamePrefix)
	return value == corev1.DeprecatedAppArmorBetaProfileRuntimeDefault || value == corev1.DeprecatedAppArmorBetaProfileNameUnconfined ||
		local && name != "" && strings.TrimSpace(name) == name
}

// fillSeccomp makes the deprecated annotation about the pod's seccomp profile the field, where a field would be filled in:
// the API server refuses another one beside it.
func (e *edit) fillSeccomp(all []contexts) {
	profile := seccompOf(e.pod.Annotations[corev1.SeccompPodAnnotationKey])
	sets := func(c contexts) bool { return c.pod != nil && c.pod.SeccompProfile != nil }
	if profile == nil || !slices.ContainsFunc(all, sets) {
		return
	}
	e.pod.Spec.SecurityContext = orNew(e.pod.Spec.SecurityContext)
	e.fill(podPlace, e.pod.Spec.SecurityContext, &corev1.PodSecurityContext{SeccompProfile: profile}, FromAnnotation, nil)
}

// seccompOf is what an annotation says; nil where it says nothing.
func seccompOf(value string) *corev1.SeccompProfile {
	name, local := strings.CutPrefix(value, corev1.SeccompLocalhostProfileNamePrefix)
	switch {
	case local && name != "":
		return &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeLocalhost, LocalhostProfile: &name}
	case value == corev1.SeccompProfileNameUnconfined:
		return &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}
	case value == corev1.SeccompProfileRuntimeDefault || value == corev1.DeprecatedSeccompProfileDockerDefault:
		return &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	}
	return nil
}
