package policy_test

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// job is a job's pod as Polyaxon creates it.
func job() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "train", Namespace: "polyaxon", Labels: kv{
			"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs",
		}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "polyaxon-main", Image: "python:3.12"}}},
	}
}

// component is a run of another component; a notebook is told by the label app of 0.x.
func component(name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		if name == "polyaxon-notebook" {
			p.Labels = kv{"type": "polyaxon-runner", "app": name}
			return
		}
		p.Labels = kv{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": name}
	}
}

func isCore(p *corev1.Pod)  { p.Labels = kv{"app.kubernetes.io/part-of": "polyaxon-core"} }
func isOther(p *corev1.Pod) { p.Labels = nil; selects("polyaxon", "builds")(p) }

func cleaner(p *corev1.Pod) {
	component("polyaxon-cleaners")(p)
	selects("polyaxon", "core")(p)
}

func kaniko(p *corev1.Pod) { p.Spec.Containers[0].Image = "gcr.io/kaniko-project/executor:v1" }

func selects(key, value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.NodeSelector = kv{key: value} }
}

func requires(key string, op corev1.NodeSelectorOperator) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: op}},
			}}},
		}}
	}
}

func toleratesSpot(p *corev1.Pod) {
	p.Spec.Tolerations = []corev1.Toleration{{Key: "spot", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: ptr.To[int64](5)}}
}

func runsAs(id int64) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: &id, RunAsGroup: &id, FSGroup: &id}
	}
}

func containerRunsAs(id int64) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{RunAsUser: &id}
	}
}
