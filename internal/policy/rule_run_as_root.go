package policy

import (
	"cmp"
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
	if v.hardeningRole.level != v1alpha1.Restricted || windowsBy(&v.Pod.Spec) != nil {
		return nil // pod-security refuses Windows here
	}
	return v.inContainers(identity{mayBeRoot, userOfPod, rootUser})
}

// identity is a uid or gid of a container that a rule judges.
type identity struct {
	wrong func(*corev1.PodSecurityContext, containerAt) bool
	// ofPod says whether it is the pod's own and not the container's.
	ofPod func(*corev1.PodSecurityContext, containerAt) bool
	word  func(*corev1.PodSecurityContext, containerAt) Violation
}

// inContainers is what is wrong with the containers that are not exempt. An id of the pod's counts for many containers,
// and is one thing to mend.
func (v View) inContainers(id identity) []Violation {
	var found findings
	pod, told := v.Pod.Spec.SecurityContext, false
	for c := range containers(&v.Pod.Spec) {
		if v.exempt(c.Container) || !id.wrong(pod, c) {
			continue
		}
		ofPod := id.ofPod(pod, c)
		if ofPod && told {
			continue
		}
		told = told || ofPod
		found.add(func() Violation { return id.word(pod, c) })
	}
	return found
}

// userOfPod says whether the container runs as the pod's user.
func userOfPod(pod *corev1.PodSecurityContext, c containerAt) bool {
	return effectiveUser(pod, c) != nil && !c.namesUser()
}

// mayBeRoot says whether the container is not sure to run as somebody else.
func mayBeRoot(pod *corev1.PodSecurityContext, c containerAt) bool {
	if uid := effectiveUser(pod, c); uid != nil {
		return *uid == 0
	}
	return !effectiveNonRoot(pod, c)
}

// rootUser is the violation of a container that may be root.
func rootUser(pod *corev1.PodSecurityContext, c containerAt) Violation {
	if effectiveUser(pod, c) != nil {
		return Violation{
			Field:  c.whereUser(),
			Detail: fmt.Sprintf("is 0: container %q would run as root", short(c.Name)),
			Fix:    cmp.Or(meshFix(c.Container), "remove it or set a uid above 0"),
		}
	}
	return Violation{
		Field:  c.path().Child("securityContext"),
		Detail: fmt.Sprintf("leaves the user of container %q to its image, which may be root", short(c.Name)),
		Fix:    "set runAsNonRoot to true or runAsUser to a uid above 0",
	}
}

// effectiveUser is the uid that counts for the container; nil where the image decides.
func effectiveUser(pod *corev1.PodSecurityContext, c containerAt) *int64 {
	if c.namesUser() {
		return c.SecurityContext.RunAsUser
	}
	if pod != nil {
		return pod.RunAsUser
	}
	return nil
}

// namesUser says whether the container names its user itself.
func (c containerAt) namesUser() bool {
	return c.SecurityContext != nil && c.SecurityContext.RunAsUser != nil
}

// whereUser is where the effective user of the container stands.
func (c containerAt) whereUser() *field.Path {
	if c.namesUser() {
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
