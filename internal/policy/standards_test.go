package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	psaapi "k8s.io/pod-security-admission/api"
	psapolicy "k8s.io/pod-security-admission/policy"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// TestStandardsAreKubernetesOwn holds our list of checks against the evaluator that the API server uses.
func TestStandardsAreKubernetesOwn(t *testing.T) {
	evaluator, err := psapolicy.NewEvaluator(psapolicy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, pod := range breaches() {
		for _, level := range []v1alpha1.PodSecurity{v1alpha1.Baseline, v1alpha1.Restricted} {
			t.Run(name+" "+string(level), func(t *testing.T) {
				lv := psaapi.LevelVersion{Level: psaapi.Level(level), Version: psaapi.LatestVersion()}
				var want, got []string
				for _, result := range evaluator.EvaluatePod(lv, &pod.ObjectMeta, &pod.Spec) {
					if !result.Allowed {
						want = append(want, strings.TrimSuffix(result.ForbiddenReason+" ("+result.ForbiddenDetail+")", " ()"))
					}
				}
				for _, v := range violationsOf(level, pod, &pod.Spec, false) {
					got = append(got, v.Evidence)
				}
				slices.Sort(want)
				slices.Sort(got)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-evaluator +ours):\n%s", diff)
				}
			})
		}
	}
}

func breaches() map[string]*corev1.Pod {
	tweak := func(change func(*corev1.PodSpec, *corev1.Container)) *corev1.Pod {
		pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", SecurityContext: &corev1.SecurityContext{}}}}}
		change(&pod.Spec, &pod.Spec.Containers[0])
		return pod
	}
	return map[string]*corev1.Pod{
		"nothing set": tweak(func(*corev1.PodSpec, *corev1.Container) {}),
		"host namespaces": tweak(func(s *corev1.PodSpec, _ *corev1.Container) {
			s.HostNetwork, s.HostPID, s.HostIPC = true, true, true
		}),
		"host path": tweak(func(s *corev1.PodSpec, _ *corev1.Container) {
			s.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}}
		}),
		"host port": tweak(func(_ *corev1.PodSpec, c *corev1.Container) { c.Ports = []corev1.ContainerPort{{HostPort: 80}} }),
		"capabilities": tweak(func(_ *corev1.PodSpec, c *corev1.Container) {
			c.SecurityContext.Capabilities = &corev1.Capabilities{Add: []corev1.Capability{"NET_ADMIN"}}
		}),
		"procMount": tweak(func(_ *corev1.PodSpec, c *corev1.Container) {
			c.SecurityContext.ProcMount = ptr.To(corev1.UnmaskedProcMount)
		}),
		"sysctls": tweak(func(s *corev1.PodSpec, _ *corev1.Container) {
			s.SecurityContext = &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "kernel.msgmax", Value: "1"}}}
		}),
		"seccomp": tweak(func(s *corev1.PodSpec, _ *corev1.Container) {
			s.SecurityContext = &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}}
		}),
	}
}

// TestEveryCheckSaysWhatToDo pins the field and the remedy of each check of the standards; a check that a new version of
// them brings needs a line here.
func TestEveryCheckSaysWhatToDo(t *testing.T) {
	const context = "spec.containers[*].securityContext"
	want := map[string]string{
		"allowPrivilegeEscalation": context + ".allowPrivilegeEscalation: set it to false",
		"appArmorProfile":          "spec: remove the setting",
		"capabilities_baseline": context + ".capabilities: add none but AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, " +
			"MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID and SYS_CHROOT",
		"capabilities_restricted":    context + `.capabilities: drop ["ALL"] and add none but NET_BIND_SERVICE`,
		"hostNamespaces":             "spec: remove hostNetwork, hostPID and hostIPC",
		"hostPathVolumes":            "spec.volumes: use a persistentVolumeClaim, or have the administrator list the path in the role's hostPaths with from: Anyone",
		"hostPorts":                  "spec.containers[*].ports: remove hostPort and use a Service",
		"hostProbesAndHostLifecycle": "spec: remove the setting",
		"privileged":                 context + ".privileged: remove it",
		"procMount":                  "spec: remove the setting",
		"procMount_restricted":       "spec: remove the setting",
		"restrictedVolumes":          "spec.volumes: use a persistentVolumeClaim, or have the administrator list the path in the role's hostPaths with from: Anyone",
		"runAsNonRoot":               "spec.securityContext.runAsNonRoot: set it to true",
		"runAsUser":                  "spec.securityContext.runAsUser: remove it or set a uid above 0",
		"seLinuxOptions":             "spec: remove the setting",
		"seccompProfile_baseline":    "spec.securityContext.seccompProfile: remove it or set type RuntimeDefault or Localhost",
		"seccompProfile_restricted":  "spec.securityContext.seccompProfile: set type RuntimeDefault",
		"sysctls":                    "spec: remove the setting",
		"windowsHostProcess":         "spec: remove the setting",
	}
	got := map[string]string{}
	for _, check := range psapolicy.DefaultChecks() {
		r := remedyOf(check.ID, &corev1.PodSpec{Volumes: []corev1.Volume{{VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}}})
		got[string(check.ID)] = r.at.String() + ": " + r.fix
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAdviceFollowsTheStandard: a builder is held to the baseline standard, and would not build with the capabilities that
// restricted leaves it. What holds volumes of other types is no host path.
func TestAdviceFollowsTheStandard(t *testing.T) {
	nfs := corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: "nfs", Path: "/"}}}
	host := corev1.Volume{Name: "root", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}
	adds := func(names ...corev1.Capability) *corev1.PodSpec {
		context := &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: names, Drop: []corev1.Capability{"ALL"}}}
		return &corev1.PodSpec{Containers: []corev1.Container{{Name: "main", SecurityContext: context}}}
	}
	profile := &corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}}}
	const baseline, restricted = v1alpha1.Baseline, v1alpha1.Restricted
	for name, tc := range map[string]struct {
		level v1alpha1.PodSecurity
		spec  *corev1.PodSpec
		field string
		want  string
	}{
		"capabilities, baseline": {baseline, adds("SYS_ADMIN"), "capabilities", "add none but AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, " +
			"KILL, MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID and SYS_CHROOT"},
		"capabilities, restricted": {restricted, adds("SYS_ADMIN"), "capabilities", `drop ["ALL"] and add none but NET_BIND_SERVICE`},
		"seccomp, baseline":        {baseline, profile, "seccompProfile", "remove it or set type RuntimeDefault or Localhost"},
		"seccomp, restricted":      {restricted, profile, "seccompProfile", "set type RuntimeDefault"},
		"an NFS volume": {restricted, &corev1.PodSpec{Volumes: []corev1.Volume{nfs}}, "volumes",
			"use a persistentVolumeClaim; the administrator can make its PersistentVolume of the same type"},
		"a host path": {restricted, &corev1.PodSpec{Volumes: []corev1.Volume{nfs, host}}, "volumes",
			"use a persistentVolumeClaim, or have the administrator list the path in the role's hostPaths with from: Anyone"},
	} {
		var got []string
		for _, v := range violationsOf(tc.level, &corev1.Pod{}, tc.spec, true) {
			if strings.HasSuffix(v.Field.String(), "."+tc.field) {
				got = append(got, v.Fix)
			}
		}
		if diff := cmp.Diff([]string{tc.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, name := range strings.FieldsFunc(strings.ReplaceAll(baselineCapabilities, " and ", ","), func(r rune) bool { return r == ',' || r == ' ' }) {
		if found := violationsOf(baseline, &corev1.Pod{}, adds(corev1.Capability(name)), true); len(found) > 0 {
			t.Errorf("%s is advised and refused: %v", name, found)
		}
	}
}
