package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// FuzzReview holds what must hold for any pod and any user: no panic; the argument is left alone; Mutate changes only
// what it may, and nothing the second time; the answer is well-formed; and a pod that is not core's and is allowed can
// land on no protected node.
func FuzzReview(f *testing.F) {
	cases, err := corpus.Cases()
	if err != nil {
		f.Fatal(err)
	}
	for _, tc := range cases {
		b, err := yaml.YAMLToJSON([]byte(tc.In))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, tc.User.Name)
	}
	p, err := policy.New(v1alpha1.Default())
	if err != nil {
		f.Fatal(err)
	}
	bounded := overridesPolicy(f)
	f.Fuzz(func(t *testing.T, raw []byte, user string) {
		pod := &corev1.Pod{}
		if json.Unmarshal(raw, pod) != nil {
			return
		}
		r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: user}, Pod: pod}
		holds(t, p, r)
		holds(t, bounded, r)
	})
}

func holds(t *testing.T, p *policy.Policy, r policy.Request) {
	t.Helper()
	before := r.Pod.DeepCopy()
	d := p.Review(r)
	if diff := cmp.Diff(before, r.Pod); diff != "" {
		t.Fatalf("the argument was modified (-before +after):\n%s", diff)
	}
	if (d.Verdict == policy.Denied) == (len(d.Violations)+len(d.Invalid) == 0) {
		t.Fatalf("verdict %s with violations %v and invalid %v", d.Verdict, d.Violations, d.Invalid)
	}
	if d.Why == "" || (d.Verdict != policy.OutOfScope) != (d.Role != "") {
		t.Fatalf("verdict %s, role %q, why %q", d.Verdict, d.Role, d.Why)
	}
	after := r.Pod
	if d.Pod != nil {
		after = d.Pod
	}
	if diff := cmp.Diff(untouchable(before), untouchable(after)); diff != "" {
		t.Fatalf("Mutate changed what it may not (-before +after):\n%s", diff)
	}
	r.Pod = after
	if again := p.Mutate(r); again.Pod != nil {
		t.Fatalf("Mutate changes its own result: %v", again.Changes)
	}
	if d.Verdict == policy.Allowed && d.Role == v1alpha1.RoleServices && mayBeRootGroup(&after.Spec) {
		t.Fatalf("role %q is allowed and may run as the root group: %v", d.Role, after.Spec)
	}
	if d.Verdict == policy.Allowed && d.Role != v1alpha1.RoleCore && after.Spec.NodeName == "" {
		if node, ok := landing.Witness(landing.Of(&after.Spec), core); ok {
			t.Fatalf("role %q is allowed and could run on %s", d.Role, node)
		}
	}
}

// core is the protected pool of the default policy, and of the one with overrides.
var core = landing.Pool{
	Name: "core", Key: "polyaxon", Value: "core",
	Taints: []corev1.Taint{{Key: "polyaxon", Value: "core", Effect: corev1.TaintEffectNoSchedule}},
}

// untouchable is the pod without the fields that Mutate may set.
func untouchable(pod *corev1.Pod) *corev1.Pod {
	c := pod.DeepCopy()
	c.Spec.NodeSelector, c.Spec.Tolerations, c.Spec.Affinity, c.Spec.SecurityContext = nil, nil, nil, nil
	for _, list := range [][]corev1.Container{c.Spec.InitContainers, c.Spec.Containers} {
		for i := range list {
			list[i].SecurityContext = nil
			list[i].Env = nil
		}
	}
	return c
}
