package policy

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// The root group is most of what the root user is: on shared storage and host paths it owns what root wrote, and in
// images for arbitrary uids it may write /etc/passwd.
//
// Looked at are the group of every init, regular and ephemeral container (its own securityContext.runAsGroup, else the
// pod's), and the pod's fsGroup and supplementalGroups. Refused is 0 in any of them, in roles held to the restricted
// standard. A group that is not set beside a uid counts as 0, which the runtime takes where the image does not know the
// uid. Mutate sets it. Exempt are containers of the images that the role may run as root.
//
// Two ways to a group are out of reach. An image may name a group beside its user, which counts where the pod sets no
// uid. And its /etc/group may add groups to the uid, unless the pod sets supplementalGroupsPolicy to Strict.
func runAsRootGroup(v View) []Violation {
	if v.hardeningRole.level != v1alpha1.Restricted || windowsBy(&v.Pod.Spec) != nil {
		return nil // pod-security refuses Windows here
	}
	found := v.inContainers(identity{mayBeRootGroup, groupOfPod, rootGroup})
	if pod := v.Pod.Spec.SecurityContext; pod != nil && !v.exemptsAll(&v.Pod.Spec) {
		found = append(found, rootGroupsOf(pod)...)
	}
	return found
}

const fixGroup = "; if the image needs group 0, ask for an exception in the policy"

// mayBeRootGroup says whether the group of the container is root's, or is not set beside a uid.
func mayBeRootGroup(pod *corev1.PodSecurityContext, c containerAt) bool {
	if gid := effectiveGroup(pod, c); gid != nil {
		return *gid == 0
	}
	return effectiveUser(pod, c) != nil
}

// rootGroup is the violation of such a container.
func rootGroup(pod *corev1.PodSecurityContext, c containerAt) Violation {
	if effectiveGroup(pod, c) != nil {
		return Violation{
			Field:  c.whereGroup(),
			Detail: fmt.Sprintf("is 0: container %q would run as the root group", short(c.Name)),
			Fix:    cmp.Or(meshFix(c.Container), "remove it or set a gid above 0"+fixGroup),
		}
	}
	return Violation{
		Field:  c.path().Child("securityContext"),
		Detail: fmt.Sprintf("sets no group for container %q beside uid %d, which counts as group 0", short(c.Name), *effectiveUser(pod, c)),
		Fix:    "set runAsGroup to a gid above 0" + fixGroup,
	}
}

// groupOfPod says whether the container runs as the pod's group.
func groupOfPod(pod *corev1.PodSecurityContext, c containerAt) bool {
	return effectiveGroup(pod, c) != nil && !c.namesGroup()
}

// rootGroupsOf are the violations of the groups that all containers are given beside their own.
func rootGroupsOf(pod *corev1.PodSecurityContext) []Violation {
	var found []Violation
	if pod.FSGroup != nil && *pod.FSGroup == 0 {
		found = append(found, Violation{
			Field:  pathSecurityContext.Child("fsGroup"),
			Detail: "is 0: all containers would be in the root group, and volumes would belong to it",
			Fix:    "remove it or set a gid above 0" + fixGroup,
		})
	}
	if i := slices.Index(pod.SupplementalGroups, 0); i >= 0 {
		found = append(found, Violation{
			Field:  pathSecurityContext.Child("supplementalGroups").Index(i),
			Detail: "is 0: all containers would be in the root group",
			Fix:    "remove it" + fixGroup,
		})
	}
	return found
}

// effectiveGroup is the gid that counts for the container; nil where the image or the runtime decides.
func effectiveGroup(pod *corev1.PodSecurityContext, c containerAt) *int64 {
	if c.namesGroup() {
		return c.SecurityContext.RunAsGroup
	}
	if pod != nil {
		return pod.RunAsGroup
	}
	return nil
}

// namesGroup says whether the container names its group itself.
func (c containerAt) namesGroup() bool {
	return c.SecurityContext != nil && c.SecurityContext.RunAsGroup != nil
}

// whereGroup is where the effective group of the container stands.
func (c containerAt) whereGroup() *field.Path {
	if c.namesGroup() {
		return c.path().Child("securityContext", "runAsGroup")
	}
	return pathSecurityContext.Child("runAsGroup")
}
