// Package policytest makes random policies and pods whose security contexts collide, for tests of what becomes of them.
package policytest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Policy is the built-in policy with random security contexts in spec.defaults and in two roles, and with random places
// for all roles of runs. It is valid.
func Policy(r *rand.Rand) *v1alpha1.PlacementPolicy {
	for {
		doc := v1alpha1.Default()
		doc.Spec.Defaults.PodSecurityContext, doc.Spec.Defaults.ContainerSecurityContext = nil, nil
		if r.IntN(2) == 0 {
			doc.Spec.Defaults.PodSecurityContext, doc.Spec.Defaults.ContainerSecurityContext = podContext(r), containerContext(r)
		}
		doc.Spec.Defaults.Home = pick(r, "", "/tmp", "/home/polyaxon")
		doc.Spec.NodePools[1].Resources = pick(r, nil, []string{gpu})
		for i := range doc.Spec.Roles {
			role := &doc.Spec.Roles[i]
			if role.Name != v1alpha1.RoleCore && role.Name != v1alpha1.RoleOther {
				role.PodSecurity, role.RootImages = v1alpha1.Privileged, nil // so that most contexts are valid
			}
			if run := role.Name != v1alpha1.RoleCore && role.Name != v1alpha1.RoleOther; run {
				place(r, role)
			}
			if role.Name == v1alpha1.RoleJobs || role.Name == v1alpha1.RoleNotebooks {
				role.PodSecurity = pick(r, v1alpha1.Privileged, v1alpha1.Privileged, v1alpha1.Privileged, v1alpha1.Baseline, v1alpha1.Restricted)
				role.Identity = pick(r, v1alpha1.Inject, v1alpha1.Inject, v1alpha1.Keep)
				role.PodSecurityContext, role.ContainerSecurityContext = podContext(r), containerContext(r)
			}
		}
		text, err := json.Marshal(doc)
		if err != nil {
			panic(err) // it is made of plain values
		}
		if doc, err = v1alpha1.Load("random.json", text); err == nil {
			return doc
		}
	}
}

// Pod is that of a run, with random security contexts, places, annotations and overrides.
func Pod(r *rand.Rand) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "run", Namespace: "polyaxon", Annotations: map[string]string{},
			Labels: map[string]string{
				"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": pick(r, "polyaxon-jobs", "polyaxon-jobs", "polyaxon-services", "polyaxon-cleaners", "polyaxon-tfjobs"),
			},
		},
		Spec: corev1.PodSpec{
			SecurityContext: podContext(r),
			InitContainers:  []corev1.Container{container(r, "init"), container(r, "sidecar")},
			Containers:      []corev1.Container{container(r, "polyaxon-main"), container(r, "polyaxon-sidecar")},
			HostUsers:       pick(r, nil, nil, new(false)),
		},
	}
	pod.Spec.InitContainers[1].RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
	ask(r, pod)
	switch r.IntN(8) {
	case 0:
		pod.Spec.OS = &corev1.PodOS{Name: pick(r, corev1.Linux, corev1.Windows)}
	case 1:
		pod.Spec.NodeSelector = map[string]string{corev1.LabelOSStable: string(pick(r, corev1.Linux, corev1.Windows))}
	}
	for _, name := range []string{"init", "sidecar", "polyaxon-main", "polyaxon-sidecar"} {
		if r.IntN(6) == 0 {
			pod.Annotations[corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix+name] = pick(r, "", "runtime/default", "unconfined", "localhost/own", "localhost/")
		}
		if r.IntN(6) == 0 {
			pod.Annotations[corev1.SeccompContainerAnnotationKeyPrefix+name] = pick(r, "runtime/default", "unconfined", "localhost/own")
		}
	}
	if r.IntN(4) == 0 {
		pod.Annotations[corev1.SeccompPodAnnotationKey] = pick(r, "runtime/default", "docker/default", "unconfined", "localhost/own")
	}
	for _, name := range []string{"run-as-user", "run-as-group", "fs-group"} {
		if r.IntN(8) == 0 {
			pod.Annotations["polymoat.io/"+name] = fmt.Sprint(pick(r, 1000, 3000))
		}
	}
	return pod
}

func container(r *rand.Rand, name string) corev1.Container {
	return corev1.Container{
		Name: name, SecurityContext: containerContext(r),
		Image: pick(r, "python", "python", "gcr.io/kaniko-project/executor", "jupyter/scipy-notebook"),
	}
}

// pick is one of the values.
func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// maybe is a new pointer to one of the values, or mostly nil.
func maybe[T any](r *rand.Rand, values ...T) *T {
	if r.IntN(3) > 0 {
		return nil
	}
	return new(pick(r, values...))
}

func podContext(r *rand.Rand) *corev1.PodSecurityContext {
	if r.IntN(4) == 0 {
		return nil
	}
	return &corev1.PodSecurityContext{
		RunAsUser: maybe[int64](r, 0, 1000, 3000), RunAsGroup: maybe[int64](r, 0, 100, 3000), FSGroup: maybe[int64](r, 0, 100, 3000),
		RunAsNonRoot: maybe(r, true, false), SeccompProfile: seccomp(r), AppArmorProfile: appArmor(r), SELinuxOptions: seLinux(r),
		FSGroupChangePolicy: maybe(r, corev1.FSGroupChangeAlways, corev1.FSGroupChangeOnRootMismatch), WindowsOptions: windows(r),
	}
}

func containerContext(r *rand.Rand) *corev1.SecurityContext {
	if r.IntN(4) == 0 {
		return nil
	}
	return &corev1.SecurityContext{
		RunAsUser: maybe[int64](r, 0, 1000, 3000), RunAsGroup: maybe[int64](r, 0, 100, 3000),
		RunAsNonRoot: maybe(r, true, false), SeccompProfile: seccomp(r), AppArmorProfile: appArmor(r), SELinuxOptions: seLinux(r),
		Privileged: maybe(r, true, false), AllowPrivilegeEscalation: maybe(r, true, false), ReadOnlyRootFilesystem: maybe(r, true),
		ProcMount: maybe(r, corev1.DefaultProcMount, corev1.UnmaskedProcMount), WindowsOptions: windows(r),
		Capabilities: pick(r, nil, &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}, &corev1.Capabilities{Add: []corev1.Capability{"CAP_SYS_ADMIN"}},
			&corev1.Capabilities{Add: []corev1.Capability{"CHOWN"}, Drop: []corev1.Capability{"KILL"}}),
	}
}

func seccomp(r *rand.Rand) *corev1.SeccompProfile {
	return pick(r, nil, nil, &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		&corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined},
		&corev1.SeccompProfile{Type: corev1.SeccompProfileTypeLocalhost, LocalhostProfile: new("own.json")})
}

func appArmor(r *rand.Rand) *corev1.AppArmorProfile {
	return pick(r, nil, nil, &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeRuntimeDefault},
		&corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined},
		&corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeLocalhost, LocalhostProfile: new("own")})
}

func seLinux(r *rand.Rand) *corev1.SELinuxOptions {
	return pick(r, nil, nil, nil, &corev1.SELinuxOptions{Level: "s0"}, &corev1.SELinuxOptions{Level: "s1"})
}

func windows(r *rand.Rand) *corev1.WindowsSecurityContextOptions {
	return pick(r, nil, nil, nil, nil, nil, &corev1.WindowsSecurityContextOptions{RunAsUserName: new("ContainerUser")})
}
