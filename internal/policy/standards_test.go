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
					got = append(got, strings.TrimPrefix(v.Detail, "violates the "+string(level)+" standard: "))
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
		"allowPrivilegeEscalation":   context + ".allowPrivilegeEscalation: set it to false",
		"appArmorProfile":            "spec: remove the setting",
		"capabilities_baseline":      context + `.capabilities: drop ["ALL"] and add none but NET_BIND_SERVICE`,
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
		"seccompProfile_baseline":    "spec.securityContext.seccompProfile: set type RuntimeDefault",
		"seccompProfile_restricted":  "spec.securityContext.seccompProfile: set type RuntimeDefault",
		"sysctls":                    "spec: remove the setting",
		"windowsHostProcess":         "spec: remove the setting",
	}
	got := map[string]string{}
	for _, check := range psapolicy.DefaultChecks() {
		r := remedyOf(check.ID, &corev1.PodSpec{})
		got[string(check.ID)] = r.at.String() + ": " + r.fix
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
