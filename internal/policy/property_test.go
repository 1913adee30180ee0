package policy_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestReviewOfAnyPod holds what FuzzReview holds, for pods whose parts collide on purpose.
func TestReviewOfAnyPod(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	rapid.Check(t, func(rt *rapid.T) {
		r := policy.Request{
			Namespace: "polyaxon",
			User:      policy.UserInfo{Name: rapid.SampledFrom(users).Draw(rt, "user")},
			Pod: &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Name: "p", Labels: rapid.SampledFrom(marks).Draw(rt, "labels")},
				Spec:       spec(rt),
			},
		}
		holds(t, p, r)
	})
}

var users = []string{"tenant", "system:serviceaccount:polyaxon:polyaxon-polyaxon-serviceaccount", daemonController, ""}

var marks = []map[string]string{
	nil,
	{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs"},
	{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-services"},
	{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-cleaners"},
	{"type": "polyaxon-runner", "app": "polyaxon-dockerizer"},
	{"app.kubernetes.io/part-of": "polyaxon-core"},
}

func spec(rt *rapid.T) corev1.PodSpec {
	s := corev1.PodSpec{
		NodeSelector:   rapid.MapOfN(rapid.SampledFrom([]string{"polyaxon", "disk"}), value(), 0, 2).Draw(rt, "nodeSelector"),
		Tolerations:    rapid.SliceOfN(toleration(), 0, 3).Draw(rt, "tolerations"),
		InitContainers: rapid.SliceOfN(container(), 0, 2).Draw(rt, "init"),
		Containers:     rapid.SliceOfN(container(), 0, 3).Draw(rt, "containers"),
	}
	if rapid.Bool().Draw(rt, "affinity") {
		s.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
				NodeSelectorTerms: rapid.SliceOfN(term(), 0, 3).Draw(rt, "terms"),
			},
		}}
	}
	if rapid.Bool().Draw(rt, "context") {
		s.SecurityContext = &corev1.PodSecurityContext{RunAsUser: rapid.SampledFrom(uids).Draw(rt, "uid")}
	}
	return s
}

var uids = []*int64{nil, ptr.To[int64](0), ptr.To[int64](1000)}

func value() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"core", "experiments", "builds", "x", "5"})
}

func toleration() *rapid.Generator[corev1.Toleration] {
	return rapid.Custom(func(rt *rapid.T) corev1.Toleration {
		return corev1.Toleration{
			Key:      rapid.SampledFrom([]string{"", "polyaxon", "disk"}).Draw(rt, "key"),
			Operator: rapid.SampledFrom([]corev1.TolerationOperator{"", "Equal", "Exists", "Lt", "Gt"}).Draw(rt, "operator"),
			Value:    value().Draw(rt, "value"),
			Effect:   rapid.SampledFrom([]corev1.TaintEffect{"", "NoSchedule", "NoExecute"}).Draw(rt, "effect"),
		}
	})
}

func term() *rapid.Generator[corev1.NodeSelectorTerm] {
	requirement := rapid.Custom(func(rt *rapid.T) corev1.NodeSelectorRequirement {
		return corev1.NodeSelectorRequirement{
			Key: rapid.SampledFrom([]string{"polyaxon", "disk"}).Draw(rt, "key"),
			Operator: rapid.SampledFrom([]corev1.NodeSelectorOperator{
				"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Bad",
			}).Draw(rt, "operator"),
			Values: rapid.SliceOfN(value(), 0, 2).Draw(rt, "values"),
		}
	})
	return rapid.Custom(func(rt *rapid.T) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{MatchExpressions: rapid.SliceOfN(requirement, 0, 2).Draw(rt, "expressions")}
	})
}

func container() *rapid.Generator[corev1.Container] {
	return rapid.Custom(func(rt *rapid.T) corev1.Container {
		c := corev1.Container{
			Name:  rapid.SampledFrom([]string{"polyaxon-main", "polyaxon-init-tb-1", "x"}).Draw(rt, "name"),
			Image: rapid.SampledFrom([]string{"python", "gcr.io/kaniko-project/executor", "x/kaniko-project/executor:1"}).Draw(rt, "image"),
		}
		if rapid.Bool().Draw(rt, "context") {
			c.SecurityContext = &corev1.SecurityContext{
				RunAsUser:  rapid.SampledFrom(uids).Draw(rt, "uid"),
				Privileged: rapid.SampledFrom([]*bool{nil, ptr.To(true), ptr.To(false)}).Draw(rt, "privileged"),
			}
			if rapid.Bool().Draw(rt, "capabilities") {
				drop := rapid.SliceOfN(rapid.SampledFrom([]corev1.Capability{"ALL", "KILL"}), 0, 2).Draw(rt, "drop")
				c.SecurityContext.Capabilities = &corev1.Capabilities{Drop: drop}
			}
		}
		return c
	})
}
