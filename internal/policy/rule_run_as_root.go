package policy

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Root in a container is one kernel bug away from root on the node, and owns every file that it writes to shared
// storage, so that the next run cannot replace it.
//
// Looked at is the effective user of every init, regular and ephemeral container: its own securityContext.runAsUser,
// else the pod's; and where neither says, securityContext.runAsNonRoot, because the image decides otherwise.
// Refused are uid 0 and a user that is left open, in roles held to the restricted standard. Exempt are containers of
// the images that the role may run as root.
func runAsRoot(v View) []Violation {
	if v.hard.level != v1alpha1.Restricted || isWindows(&v.Pod.Spec) {
		return nil // pod-security refuses Windows here
	}
	return v.inContainers(rootUser)
}

// inContainers is what is wrong with the containers that are not exempt.
func (v View) inContainers(wrong func(*corev1.PodSecurityContext, containerAt) *Violation) []Violation {
	var found []Violation
	for c := range containers(&v.Pod.Spec) {
		if v.exempt(c.Container) {
			continue
		}
		violation := wrong(v.Pod.Spec.SecurityContext, c)
		if violation == nil {
			continue
		}
		// One id of the pod's counts for many containers, and is one thing to mend.
		if n := len(found); n > 0 && found[n-1].Field.String() == violation.Field.String() {
			continue
		}
		found = append(found, *violation)
	}
	return found
}

// rootUser is the violation of one container, nil where it is sure not to run as root.
func rootUser(pod *corev1.PodSecurityContext, c containerAt) *Violation {
	uid := effectiveUser(pod, c)
	switch {
	case uid != nil && *uid == 0:
		return &Violation{
			Field:  c.whereUser(),
			Detail: fmt.Sprintf("is 0: container %q would run as root", short(c.Name)),
			Fix:    "remove it or set a uid above 0",
		}
	case uid == nil && !effectiveNonRoot(pod, c):
		return &Violation{
			Field:  c.path().Child("securityContext"),
			Detail: fmt.Sprintf("leaves the user of container %q to its image, which may be root", short(c.Name)),
			Fix:    "set runAsNonRoot to true or runAsUser to a uid above 0",
		}
	}
	return nil
}

// effectiveUser is the uid that counts for the container; nil where the image decides.
func effectiveUser(pod *corev1.PodSecurityContext, c containerAt) *int64 {
	if c.SecurityContext != nil && c.SecurityContext.RunAsUser != nil {
		return c.SecurityContext.RunAsUser
	}
	if pod != nil {
		return pod.RunAsUser
	}
	return nil
}

// whereUser is where the effective user of the container stands.
func (c containerAt) whereUser() *field.Path {
	if c.SecurityContext != nil && c.SecurityContext.RunAsUser != nil {
		return c.path().Child("securityContext", "runAsUser")
	}
	return pathSecurityContext.Child("runAsUser")
}

func effectiveNonRoot(pod *corev1.PodSecurityContext, c containerAt) bool {
	if c.SecurityContext != nil && c.SecurityContext.RunAsNonRoot != nil {
		return *c.SecurityContext.RunAsNonRoot
	}
	return pod != nil && pod.RunAsNonRoot != nil && *pod.RunAsNonRoot
}
