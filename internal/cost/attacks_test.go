package cost

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// attack makes a pod of about so many bytes as somebody would who knows how it is judged.
type attack struct {
	name string
	make func(pod *corev1.Pod, seed string, bytes int)
}

// attacks are worst cases that no place shows by itself: what is written there has to mean something.
var attacks = []attack{
	{"namespaces of one term", func(pod *corev1.Pod, seed string, bytes int) {
		pod.Spec.Affinity = apart(corev1.PodAffinityTerm{TopologyKey: "zone", Namespaces: words10(seed, bytes)})
	}},
	{"terms that repel", func(pod *corev1.Pod, seed string, bytes int) {
		var terms []corev1.PodAffinityTerm
		for _, key := range words10(seed, bytes/3) {
			terms = append(terms, corev1.PodAffinityTerm{TopologyKey: key, Namespaces: []string{"kube-system"}})
		}
		pod.Spec.Affinity = apart(terms...)
	}},
	{"values of the pool's label", func(pod *corev1.Pod, seed string, bytes int) {
		pod.Spec.Affinity = onto(corev1.NodeSelectorRequirement{Key: "polyaxon", Operator: "NotIn", Values: words10(seed, bytes)})
	}},
	{"numbers that are left out", func(pod *corev1.Pod, seed string, bytes int) {
		var numbers []string
		for i := range bytes / 9 {
			numbers = append(numbers, fmt.Sprint(i))
		}
		pod.Spec.Affinity = onto(
			corev1.NodeSelectorRequirement{Key: "rack", Operator: "Gt", Values: []string{"-1"}},
			corev1.NodeSelectorRequirement{Key: "rack", Operator: "NotIn", Values: numbers})
	}},
	{"requirements of one label", func(pod *corev1.Pod, seed string, bytes int) {
		var list []corev1.NodeSelectorRequirement
		for _, value := range words10(seed, bytes/6) {
			list = append(list, corev1.NodeSelectorRequirement{Key: "disk", Operator: "NotIn", Values: []string{value}})
		}
		pod.Spec.Affinity = onto(list...)
	}},
	{"terms that select", func(pod *corev1.Pod, seed string, bytes int) {
		pod.Spec.Affinity = onto()
		required := pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
		required.NodeSelectorTerms = nil
		for _, value := range words10(seed, bytes/8) {
			required.NodeSelectorTerms = append(required.NodeSelectorTerms, corev1.NodeSelectorTerm{
				MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "disk", Operator: "In", Values: []string{value}}},
			})
		}
	}},
	{"an image without end", func(pod *corev1.Pod, seed string, bytes int) {
		pod.Spec.Containers[0].Image = "gcr.io/kaniko-project/executor" + strings.Repeat("/"+seed, bytes/2)
	}},
	{"images that may be exempt", func(pod *corev1.Pod, seed string, bytes int) {
		for _, tag := range words10(seed, bytes/7) {
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: tag, Image: "gcr.io/kaniko-project/executor:" + tag})
		}
	}},
	{"images that nearly are", func(pod *corev1.Pod, seed string, bytes int) {
		for _, tag := range words10(seed, bytes/26) {
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: tag, Image: tag + strings.Repeat("/a", 90) + "/executor"})
		}
	}},
	{"containers that run as root", func(pod *corev1.Pod, seed string, bytes int) {
		for _, name := range words10(seed, bytes/8) {
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{
				Name: name, Image: "a", SecurityContext: &corev1.SecurityContext{RunAsUser: new(int64)},
			})
		}
	}},
	{"containers to debug", func(pod *corev1.Pod, seed string, bytes int) {
		pod.Spec.NodeName = "unknown"
		for _, name := range words10(seed, bytes/4) {
			pod.Spec.EphemeralContainers = append(pod.Spec.EphemeralContainers, corev1.EphemeralContainer{
				EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: name, Image: "a"},
			})
		}
	}},
	{"labels that are no overrides", func(pod *corev1.Pod, seed string, bytes int) {
		for _, name := range words10(seed, bytes/2) {
			pod.Labels["polymoat.io/"+name] = "a"
		}
	}},
	{"a label that is no override", func(pod *corev1.Pod, seed string, bytes int) {
		pod.Labels["polymoat.io/"+strings.Repeat(seed, bytes)] = "a"
	}},
	{"an override that is too long", func(pod *corev1.Pod, seed string, bytes int) {
		pod.Annotations = map[string]string{"polymoat.io/node-pool": strings.Repeat(seed, bytes)}
	}},
	{"tolerations of everything but", func(pod *corev1.Pod, seed string, bytes int) {
		for _, key := range words10(seed, bytes/5) {
			pod.Spec.Tolerations = append(pod.Spec.Tolerations, corev1.Toleration{Key: key, Operator: "Exists"})
		}
	}},
	{"labels of nodes", func(pod *corev1.Pod, seed string, bytes int) {
		pod.Spec.NodeSelector = map[string]string{"polyaxon": "experiments", "disk": "hdd"}
		for _, key := range words10(seed, bytes/2) {
			pod.Spec.NodeSelector[key] = "a"
		}
	}},
	{"words of a command", func(pod *corev1.Pod, seed string, bytes int) {
		pod.Labels["app.kubernetes.io/component"] = "polyaxon-services"
		pod.Spec.Containers[0].Command = append([]string{"env"}, words10(seed+"=", bytes)...)
	}},
	{"a script", func(pod *corev1.Pod, seed string, bytes int) {
		pod.Labels["app.kubernetes.io/component"] = "polyaxon-services"
		pod.Spec.Containers[0].Command = []string{"sh", "-c", strings.Repeat(";"+seed, bytes/2)}
	}},
	{"a core pod that changes", func(pod *corev1.Pod, seed string, bytes int) {
		pod.Labels = map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}
		for _, name := range words10(seed, bytes/4) {
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: name, Image: "a"})
		}
	}},
}

// words10 are different words of eight letters and more, which take so many bytes of JSON.
func words10(seed string, bytes int) []string {
	list := make([]string, max(1, bytes/11))
	for i := range list {
		list[i] = fmt.Sprintf("%s%07d", seed, i)
	}
	return list
}

func apart(terms ...corev1.PodAffinityTerm) *corev1.Affinity {
	return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: terms}}
}

func onto(list ...corev1.NodeSelectorRequirement) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: list}},
	}}}
}
