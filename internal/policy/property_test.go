package policy_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
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
	policies := []*policy.Policy{compile(t, v1alpha1.Default()), compile(t, v1alpha1.Default(), noDefaults), overridesPolicy(t)}
	rapid.Check(t, func(rt *rapid.T) {
		holds(t, rapid.SampledFrom(policies).Draw(rt, "policy"), request(rt))
	})
}

// TestOverridesFreeThePodOfNothing: a pod that is allowed with overrides violates nothing but the choice of its nodes
// without them.
func TestOverridesFreeThePodOfNothing(t *testing.T) {
	p := overridesPolicy(t)
	rapid.Check(t, func(rt *rapid.T) {
		r := request(rt)
		r.Pod.Spec = corev1.PodSpec{Containers: rapid.SliceOfN(container(), 1, 2).Draw(rt, "few containers")} // mostly allowed
		d := p.Review(r)
		if d.Verdict != policy.Allowed {
			return
		}
		if d.Pod != nil {
			r.Pod = d.Pod
		}
		r.Pod = r.Pod.DeepCopy()
		ours := func(key, _ string) bool { return strings.HasPrefix(key, "polymoat.io/") }
		maps.DeleteFunc(r.Pod.Annotations, ours)
		maps.DeleteFunc(r.Pod.Labels, ours)
		for _, v := range p.Validate(r).Violations {
			if v.Rule != "node-pool" {
				rt.Fatalf("allowed with overrides, refused without: %s", v)
			}
		}
	})
}

// request is any pod of the governed namespace, with any overrides.
func request(rt *rapid.T) policy.Request {
	labels := map[string]string{}
	maps.Copy(labels, rapid.SampledFrom(marks).Draw(rt, "marks"))
	if rapid.SampledFrom([]bool{false, false, true}).Draw(rt, "labelled") {
		maps.Copy(labels, overrides(rt, "labels"))
	}
	return policy.Request{
		Namespace: "polyaxon",
		User:      policy.UserInfo{Name: rapid.SampledFrom(users).Draw(rt, "user")},
		Pod: &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "p", Labels: labels, Annotations: overrides(rt, "annotations")},
			Spec:       spec(rt),
		},
	}
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

// overrides are up to two, mostly with a value that some role accepts.
func overrides(rt *rapid.T, where string) map[string]string {
	asked := map[string]string{}
	for range rapid.SampledFrom([]int{0, 0, 1, 1, 2}).Draw(rt, where+" overrides") {
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(wishes))).Draw(rt, where+" name")
		asked["polymoat.io/"+name] = rapid.SampledFrom(wishes[name]).Draw(rt, where+" value")
	}
	return asked
}

// wishes are values of overrides. The last of each is accepted nowhere.
var wishes = map[string][]string{
	"role":          {"builds", "jobs", "notebooks", "core"},
	"node-pool":     {"gpu", "builds", "core"},
	"node-selector": {`{"disk":"x","zone":"5"}`, `{"disk":"a100"}`, `{"polyaxon":"core"}`},
	"tolerations":   {`[{"key":"spot"}]`, `[{"key":"spot","operator":"Exists","effect":"NoExecute"}]`, `[{"operator":"Exists"}]`},
	"run-as-user":   {"1000", "1001", "0", "-1"},
	"run-as-group":  {"0", "1001", "2000"},
	"fs-group":      {"1000", "1001", "0"},
}

func spec(rt *rapid.T) corev1.PodSpec {
	s := corev1.PodSpec{
		NodeSelector:   rapid.MapOfN(rapid.SampledFrom([]string{"polyaxon", "disk", "acme.io/gpu"}), value(), 0, 2).Draw(rt, "nodeSelector"),
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
		s.SecurityContext = &corev1.PodSecurityContext{
			RunAsUser: rapid.SampledFrom(uids).Draw(rt, "uid"), RunAsGroup: rapid.SampledFrom(uids).Draw(rt, "gid"),
		}
	}
	return s
}

var uids = []*int64{nil, ptr.To[int64](0), ptr.To[int64](1000)}

func value() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"core", "experiments", "builds", "a100", "x", "5"})
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
				RunAsGroup: rapid.SampledFrom(uids).Draw(rt, "gid"),
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

// mayBeRootGroup says whether a container has group 0, or a uid and no group.
func mayBeRootGroup(spec *corev1.PodSpec) bool {
	pod := cmp.Or(spec.SecurityContext, &corev1.PodSecurityContext{})
	return slices.ContainsFunc(slices.Concat(spec.InitContainers, spec.Containers), func(c corev1.Container) bool {
		own := cmp.Or(c.SecurityContext, &corev1.SecurityContext{})
		uid, gid := cmp.Or(own.RunAsUser, pod.RunAsUser), cmp.Or(own.RunAsGroup, pod.RunAsGroup)
		return gid != nil && *gid == 0 || gid == nil && uid != nil
	})
}
