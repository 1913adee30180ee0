package policy

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	psapolicy "k8s.io/pod-security-admission/policy"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// The Pod Security Standards say what of the node a pod may touch. Which standard holds is a matter of the role; what
// it means is evaluated by the code of Kubernetes itself, in its latest version, as for Linux pods whatever spec.os says.
//
// Set aside are host paths that the role may mount (hostPaths; what is below one only with subPaths, because a symlink
// in a directory that others may write leads anywhere), and containers of images that the role may run as root:
// they are held to the role's own, looser standard. What run-as-root has said already is not said again.
func podSecurity(v View) []Violation {
	level := v.hardeningRole.level
	if at := windowsBy(&v.Pod.Spec); at != nil && level == v1alpha1.Restricted {
		verb := "is"
		if at == pathRequired {
			verb = "asks for"
		}
		return []Violation{{
			Field:  at,
			Detail: fmt.Sprintf("%s %q, but the restricted standard of role %q is about Linux", verb, corev1.Windows, v.hardeningRole.name),
			Fix:    "remove it",
		}}
	}
	spec := v.evaluated()
	rooted := len(runAsRoot(v)) > 0
	found := violationsOf(level, v.Pod, &spec, rooted)
	if !v.hasExempt(&v.Pod.Spec) {
		return found
	}
	whole, strict := violationsOf(v.exemptRole.level, v.Pod, &spec, rooted), spec
	strict.InitContainers = slices.DeleteFunc(slices.Clone(spec.InitContainers), func(c corev1.Container) bool { return v.exempt(&c) })
	strict.Containers = slices.DeleteFunc(slices.Clone(spec.Containers), func(c corev1.Container) bool { return v.exempt(&c) })
	strict.EphemeralContainers = slices.DeleteFunc(slices.Clone(spec.EphemeralContainers), func(c corev1.EphemeralContainer) bool {
		return v.exempt((*corev1.Container)(&c.EphemeralContainerCommon))
	})
	rest := violationsOf(level, v.Pod, &strict, rooted)
	return append(whole, subtract(rest, whole, func(f Violation) string { return f.Field.String() })...)
}

// evaluated is the pod's spec without what is set aside for the whole pod.
func (v View) evaluated() corev1.PodSpec {
	spec := v.Pod.Spec
	spec.OS = nil
	if slices.ContainsFunc(spec.Volumes, v.mayMount) {
		spec.Volumes = slices.DeleteFunc(slices.Clone(spec.Volumes), v.mayMount)
	}
	return spec
}

// mayMount says whether the volume is a host path that the role may mount.
func (v View) mayMount(volume corev1.Volume) bool {
	if volume.HostPath == nil {
		return false
	}
	mounted := path.Clean(volume.HostPath.Path) // without "..", which the API server refuses
	return slices.ContainsFunc(v.hardeningRole.hostPaths, func(allowed v1alpha1.HostPath) bool {
		listed := mounted == allowed.Path || allowed.SubPaths && strings.HasPrefix(mounted, allowed.Path+"/")
		return listed && (v.requester || allowed.From == v1alpha1.FromAnyone)
	})
}

// violationsOf evaluates a standard; without root where run-as-root speaks for its checks.
func violationsOf(level v1alpha1.PodSecurity, pod *corev1.Pod, spec *corev1.PodSpec, rooted bool) []Violation {
	var found []Violation
	for _, check := range checks[level] {
		if rooted && slices.Contains(identityChecks, check.ID) {
			continue
		}
		if check.ID == "allowPrivilegeEscalation" && hasPrivileged(spec) {
			continue // it cannot be false next to privileged, which has its own check
		}
		result := check.evaluate(&pod.ObjectMeta, spec)
		if result.Allowed {
			continue
		}
		r := remedyOf(check.ID, spec)
		if fix := meshFixOf(spec); fix != "" && r.at == pathCapabilities {
			r.fix = fix
		}
		if _, annotated := pod.Annotations[corev1.SeccompPodAnnotationKey]; annotated && r.at == pathSeccomp {
			r.fix += ", and remove annotation " + corev1.SeccompPodAnnotationKey
		}
		one := Violation{Field: r.at, Detail: "is against the " + string(level) + " Pod Security Standard", Fix: r.fix, Evidence: result.ForbiddenReason}
		if all := result.ForbiddenDetail; all != "" {
			one.Evidence += " (" + clip(all, longestClause/2) + ")"
			if len(all) > longestClause/2 { // it may name every container
				one.Key = all
			}
		}
		found = append(found, one)
	}
	return found
}

func hasPrivileged(spec *corev1.PodSpec) bool {
	for c := range containers(spec) {
		if c.SecurityContext != nil && c.SecurityContext.Privileged != nil && *c.SecurityContext.Privileged {
			return true
		}
	}
	return false
}

// identityChecks are the checks for which run-as-root speaks when it has found something.
var identityChecks = []psapolicy.CheckID{"runAsUser", "runAsNonRoot"}

// standardCheck is one check of the standards, in its latest version.
type standardCheck struct {
	ID       psapolicy.CheckID
	evaluate psapolicy.CheckPodFn
}

// checks are the checks of each level: restricted has its own and those of baseline that they do not override.
var checks = map[v1alpha1.PodSecurity][]standardCheck{
	v1alpha1.Baseline:   checksOf(v1alpha1.Baseline),
	v1alpha1.Restricted: checksOf(v1alpha1.Restricted),
}

func checksOf(level v1alpha1.PodSecurity) []standardCheck {
	var list []standardCheck
	var overridden []psapolicy.CheckID
	for _, check := range psapolicy.DefaultChecks() {
		if level == v1alpha1.Baseline && string(check.Level) != string(v1alpha1.Baseline) {
			continue
		}
		latest := check.Versions[len(check.Versions)-1]
		overridden = append(overridden, latest.OverrideCheckIDs...)
		list = append(list, standardCheck{check.ID, latest.CheckPod})
	}
	list = slices.DeleteFunc(list, func(c standardCheck) bool { return slices.Contains(overridden, c.ID) })
	slices.SortFunc(list, func(a, b standardCheck) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// remedy is which field a check is about, and what to do instead.
type remedy struct {
	at  *field.Path
	fix string
}

var (
	pathContainers       = pathSpec.Child("containers[*]")
	pathContainerContext = pathContainers.Child("securityContext")
	pathCapabilities     = pathContainerContext.Child("capabilities")
	pathSeccomp          = pathSecurityContext.Child("seccompProfile")
)

// remedies are those of the checks, made once: a path is a chain of pieces.
var remedies = map[psapolicy.CheckID]remedy{
	"hostPathVolumes":           {pathSpec.Child("volumes"), fixVolumes},
	"restrictedVolumes":         {pathSpec.Child("volumes"), fixVolumes},
	"hostNamespaces":            {pathSpec, "remove hostNetwork, hostPID and hostIPC"},
	"hostPorts":                 {pathContainers.Child("ports"), "remove hostPort and use a Service"},
	"privileged":                {pathContainerContext.Child("privileged"), "remove it"},
	"allowPrivilegeEscalation":  {pathContainerContext.Child("allowPrivilegeEscalation"), "set it to false"},
	"capabilities_baseline":     {pathCapabilities, "add none but " + baselineCapabilities},
	"capabilities_restricted":   {pathCapabilities, `drop ["ALL"] and add none but NET_BIND_SERVICE`},
	"runAsNonRoot":              {pathSecurityContext.Child("runAsNonRoot"), "set it to true"},
	"runAsUser":                 {pathSecurityContext.Child("runAsUser"), "remove it or set a uid above 0"},
	"seccompProfile_baseline":   {pathSeccomp, "remove it or set type RuntimeDefault or Localhost"},
	"seccompProfile_restricted": {pathSeccomp, "set type RuntimeDefault"},
}

const (
	fixVolumes = "use a persistentVolumeClaim, or have the administrator list the path in the role's hostPaths with from: Anyone"
	fixSocket  = "the Docker socket is root on the node: build with kaniko, which needs no socket"
	// fixOther is for volumes that are no host paths: nfs, iscsi, a cloud's disk.
	fixOther = "use a persistentVolumeClaim; the administrator can make its PersistentVolume of the same type"

	// baselineCapabilities are what the baseline standard lets a container add, and need not drop.
	baselineCapabilities = "AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID and SYS_CHROOT"
)

// remedyOf is that of a check for such a pod; a general one where none is written down.
func remedyOf(id psapolicy.CheckID, spec *corev1.PodSpec) remedy {
	r, ok := remedies[id]
	if !ok {
		return remedy{pathSpec, "remove the setting"}
	}
	if r.fix != fixVolumes {
		return r
	}
	switch {
	case slices.ContainsFunc(spec.Volumes, isDockerSocket):
		r.fix = fixSocket
	case !slices.ContainsFunc(spec.Volumes, func(v corev1.Volume) bool { return v.HostPath != nil }):
		r.fix = fixOther
	}
	return r
}

// isDockerSocket says whether the volume is the socket of the node's Docker, as classic builds and the hub's dockerizer
// mount it.
func isDockerSocket(volume corev1.Volume) bool {
	if volume.HostPath == nil {
		return false
	}
	mounted := path.Clean(volume.HostPath.Path)
	return mounted == v1alpha1.DockerSocket || mounted == "/run/docker.sock"
}
