package policytest

import (
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

const gpu = "nvidia.com/gpu"

// place gives a role random node pools, and what it adds to them.
func place(r *rand.Rand, role *v1alpha1.Role) {
	role.NodePools = pick(r, role.NodePools, role.NodePools, []string{"builds", "experiments"}, nil)
	role.NodeSelector = pick(r, nil, nil, map[string]string{"disk": "ssd"})
	role.Tolerations = pick(r, nil, nil, []corev1.Toleration{spot})
	role.Affinity = affinity(r)
	role.OnConflict = pick(r, v1alpha1.Refuse, v1alpha1.Refuse, v1alpha1.Replace)
}

var spot = corev1.Toleration{Key: "spot", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute}

// ask has a pod say where it would run, ask for a GPU, and set the environment that polymoat would.
func ask(r *rand.Rand, pod *corev1.Pod) {
	pod.Spec.NodeSelector = pick(r, nil, nil, nil, map[string]string{"polyaxon": "builds"}, map[string]string{"polyaxon": "core", "disk": "hdd"})
	pod.Spec.Tolerations = pick(r, nil, nil, []corev1.Toleration{spot}, []corev1.Toleration{{Key: "polyaxon", Operator: corev1.TolerationOpExists}})
	pod.Spec.Affinity = affinity(r)
	main := &pod.Spec.Containers[0]
	main.Env = pick(r, nil, nil, []corev1.EnvVar{{Name: "HOME", Value: "/root"}}, []corev1.EnvVar{{Name: "USER", Value: "root"}})
	main.EnvFrom = pick(r, nil, nil, nil, []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "env"}}}})
	if r.IntN(4) == 0 {
		main.Resources.Limits = corev1.ResourceList{gpu: resource.MustParse("1")}
	}
	if r.IntN(8) == 0 {
		pod.Annotations["polymoat.io/"+pick(r, "node-pool", "role")] = pick(r, "builds", "experiments", "core")
	}
}

// affinity is one for nodes, for both directions, or mostly none.
func affinity(r *rand.Rand) *corev1.Affinity {
	if r.IntN(4) > 0 {
		return nil
	}
	term := corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{
		Key: pick(r, "polyaxon", "disk"), Operator: pick(r, corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn), Values: []string{pick(r, "builds", "core", "ssd")},
	}}}
	required := &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{term}}
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution:  pick(r, nil, required),
		PreferredDuringSchedulingIgnoredDuringExecution: pick(r, nil, []corev1.PreferredSchedulingTerm{{Weight: 1, Preference: term}}),
	}}
}
