package patch

import (
	"encoding/json"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestOperations(t *testing.T) {
	core := corev1.Toleration{Key: "polyaxon", Operator: corev1.TolerationOpEqual, Value: "core", Effect: corev1.TaintEffectNoSchedule}
	gpu := corev1.Toleration{Key: "nvidia.com/gpu", Operator: corev1.TolerationOpExists}
	for name, tc := range map[string]struct {
		before string
		change func(*corev1.PodSpec)
		want   string
	}{
		"an unchanged pod needs no operation": {
			before: `{"spec":{"nodeSelector":{"a":"b"},"securityContext":{},"containers":[{"name":"c"}]}}`,
			change: func(*corev1.PodSpec) {},
			want:   ``,
		},
		"a missing node selector is added whole": {
			before: `{"spec":{}}`,
			change: func(s *corev1.PodSpec) { s.NodeSelector = map[string]string{"polyaxon": "core"} },
			want:   `[{"op":"add","path":"/spec/nodeSelector","value":{"polyaxon":"core"}}]`,
		},
		"null is as good as missing": {
			before: `{"spec":{"securityContext":null}}`,
			change: func(s *corev1.PodSpec) { s.SecurityContext = &corev1.PodSecurityContext{FSGroup: new(int64(2222))} },
			want:   `[{"op":"add","path":"/spec/securityContext","value":{"fsGroup":2222}}]`,
		},
		"keys are added, changed and removed one by one": {
			before: `{"spec":{"nodeSelector":{"x/y~z":"1","gone":"2","kept":"3"}}}`,
			change: func(s *corev1.PodSpec) { s.NodeSelector = map[string]string{"x/y~z": "0", "kept": "3", "new": "4"} },
			want: `[{"op":"remove","path":"/spec/nodeSelector/gone"},{"op":"add","path":"/spec/nodeSelector/new","value":"4"},` +
				`{"op":"add","path":"/spec/nodeSelector/x~1y~0z","value":"0"}]`,
		},
		"a toleration is appended": {
			before: `{"spec":{"tolerations":[{"key":"nvidia.com/gpu","operator":"Exists"}]}}`,
			change: func(s *corev1.PodSpec) { s.Tolerations = append(s.Tolerations, core) },
			want: `[{"op":"add","path":"/spec/tolerations/-",` +
				`"value":{"key":"polyaxon","operator":"Equal","value":"core","effect":"NoSchedule"}}]`,
		},
		"the toleration that goes is the one that is removed": {
			before: `{"spec":{"tolerations":[{"key":"polyaxon","operator":"Equal","value":"core","effect":"NoSchedule"},{"key":"nvidia.com/gpu","operator":"Exists"}]}}`,
			change: func(s *corev1.PodSpec) { s.Tolerations = []corev1.Toleration{gpu} },
			want:   `[{"op":"remove","path":"/spec/tolerations/0"}]`,
		},
		"a term of the affinity is extended in place": {
			before: `{"spec":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"Exists"}]}]}}}}}`,
			change: func(s *corev1.PodSpec) {
				term := &s.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0]
				term.MatchExpressions = append(term.MatchExpressions, corev1.NodeSelectorRequirement{Key: "polyaxon", Operator: "NotIn", Values: []string{"core"}})
			},
			want: `[{"op":"add","path":"/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions/-",` +
				`"value":{"key":"polyaxon","operator":"NotIn","values":["core"]}}]`,
		},
		"variables are appended": {
			before: `{"spec":{"initContainers":[{"name":"i","env":null}],"containers":[{"name":"c","env":[{"name":"A","value":"1"}]}]}}`,
			change: func(s *corev1.PodSpec) {
				s.InitContainers[0].Env = []corev1.EnvVar{{Name: "HOME", Value: "/tmp"}}
				s.Containers[0].Env = append(s.Containers[0].Env, corev1.EnvVar{Name: "HOME", Value: "/tmp"})
			},
			want: `[{"op":"add","path":"/spec/initContainers/0/env","value":[{"name":"HOME","value":"/tmp"}]},` +
				`{"op":"add","path":"/spec/containers/0/env/-","value":{"name":"HOME","value":"/tmp"}}]`,
		},
		"a class is set, and what was resolved from another one removed": {
			before: `{"spec":{"priority":0,"preemptionPolicy":"PreemptLowerPriority"}}`,
			change: func(s *corev1.PodSpec) {
				s.PriorityClassName, s.Priority, s.PreemptionPolicy = "polyaxon-core", nil, nil
			},
			want: `[{"op":"add","path":"/spec/priorityClassName","value":"polyaxon-core"},{"op":"remove","path":"/spec/priority"},` +
				`{"op":"remove","path":"/spec/preemptionPolicy"}]`,
		},
		"a container's security context is filled leaf by leaf": {
			before: `{"spec":{"initContainers":[{"name":"i"}],"containers":[{"name":"c","securityContext":{"runAsUser":7,"capabilities":{"drop":["NET_RAW"]}}}]}}`,
			change: func(s *corev1.PodSpec) {
				s.InitContainers[0].SecurityContext = &corev1.SecurityContext{AllowPrivilegeEscalation: new(false)}
				s.Containers[0].SecurityContext.AllowPrivilegeEscalation = new(false)
				s.Containers[0].SecurityContext.Capabilities.Drop = []corev1.Capability{"NET_RAW", "ALL"}
			},
			want: `[{"op":"add","path":"/spec/initContainers/0/securityContext","value":{"allowPrivilegeEscalation":false}},` +
				`{"op":"add","path":"/spec/containers/0/securityContext/capabilities/drop/-","value":"ALL"},` +
				`{"op":"add","path":"/spec/containers/0/securityContext/allowPrivilegeEscalation","value":false}]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := decode(t, []byte(tc.before))
			after := before.DeepCopy()
			tc.change(&after.Spec)
			text := textOf(t, before, after)
			if got := string(text); got != tc.want {
				t.Errorf("patch (-want +got):\n%s", cmp.Diff(tc.want, got))
			}
			if text != nil {
				apply(t, []byte(tc.before), text)
			}
		})
	}
}

func TestOperationsRefuseOtherContainers(t *testing.T) {
	before := &corev1.Pod{}
	after := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "new"}}}}
	_, err := Operations(before, after)
	if want := "patch: containers were added or removed"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

func BenchmarkOperations(b *testing.B) {
	before := &corev1.Pod{Spec: corev1.PodSpec{
		Containers:      []corev1.Container{{Name: "polyaxon-main"}, {Name: "polyaxon-sidecar"}},
		SecurityContext: &corev1.PodSecurityContext{},
	}}
	after := before.DeepCopy()
	after.Spec.NodeSelector = map[string]string{"polyaxon": "experiments"}
	after.Spec.Tolerations = []corev1.Toleration{{Key: "polyaxon", Value: "experiments"}}
	after.Spec.SecurityContext.RunAsUser = new(int64(2222))
	for i := range after.Spec.Containers {
		after.Spec.Containers[i].SecurityContext = &corev1.SecurityContext{AllowPrivilegeEscalation: new(false)}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Operations(before, after); err != nil {
			b.Fatal(err)
		}
	}
}

func textOf(t testingT, before, after *corev1.Pod) []byte {
	t.Helper()
	operations, err := Operations(before, after)
	if err != nil {
		t.Fatal(err)
	}
	text, err := Text(operations)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

type testingT interface {
	Helper()
	Fatal(...any)
}

func decode(t testingT, raw []byte) *corev1.Pod {
	t.Helper()
	var pod corev1.Pod
	if err := json.Unmarshal(raw, &pod); err != nil {
		t.Fatal(err)
	}
	return &pod
}

func encode(t testingT, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// apply does what an API server does with a patch.
func apply(t testingT, raw, ops []byte) []byte {
	t.Helper()
	p, err := jsonpatch.DecodePatch(ops)
	if err != nil {
		t.Fatal(err)
	}
	patched, err := p.Apply(raw)
	if err != nil {
		t.Fatal(err, string(ops))
	}
	return patched
}
