package native_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/native"
	"github.com/polymoat/polymoat/internal/policy"
)

// large is a pod with so many of everything: containers, tolerations, and terms of as many requirements with as many values.
func large(n int) *corev1.Pod {
	pod := &corev1.Pod{}
	pod.Name, pod.Namespace = "large", "polyaxon"
	pod.Labels = map[string]string{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-services"}
	pod.Annotations = map[string]string{}
	terms := &corev1.NodeSelector{}
	for i := range n {
		pod.Labels[fmt.Sprintf("label-%d", i)], pod.Annotations[fmt.Sprintf("annotation-%d", i)] = "x", "x"
		c := corev1.Container{Name: fmt.Sprintf("c-%d", i), Image: fmt.Sprintf("registry.example.com/team/image-%d:v1", i)}
		for j := range n {
			c.Command = append(c.Command, fmt.Sprintf("word-%d", j))
			c.Env = append(c.Env, corev1.EnvVar{Name: fmt.Sprintf("NAME_%d", j), Value: "x"})
		}
		pod.Spec.Containers = append(pod.Spec.Containers, c)
		pod.Spec.Tolerations = append(pod.Spec.Tolerations, corev1.Toleration{Key: fmt.Sprintf("key-%d", i), Operator: corev1.TolerationOpExists})
		term := corev1.NodeSelectorTerm{}
		for j := range n {
			r := corev1.NodeSelectorRequirement{Key: fmt.Sprintf("key-%d", j), Operator: corev1.NodeSelectorOpIn}
			for k := range n {
				r.Values = append(r.Values, fmt.Sprintf("value-%d", k))
			}
			term.MatchExpressions = append(term.MatchExpressions, r)
		}
		terms.NodeSelectorTerms = append(terms.NodeSelectorTerms, term)
	}
	pod.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: terms}}
	return pod
}

// largestPolicy has the most of everything that a twin takes.
func largestPolicy(t testing.TB) *v1alpha1.PlacementPolicy {
	t.Helper()
	doc := v1alpha1.Default()
	for i := range 49 {
		doc.Spec.Namespaces = append(doc.Spec.Namespaces, fmt.Sprintf("team-%d", i))
	}
	var open []string
	for i := range 17 {
		p := v1alpha1.NodePool{
			Name: fmt.Sprintf("pool-%d", i), NodeLabel: v1alpha1.NodeLabel{Key: fmt.Sprintf("key-%d", i), Value: "x"}, Protected: i < 5,
			Taints: []corev1.Taint{{Key: fmt.Sprintf("key-%d", i), Value: "x", Effect: corev1.TaintEffectNoSchedule}},
		}
		if !p.Protected {
			p.Resources = []string{fmt.Sprintf("example.com/gpu-%d", i)}
			open = append(open, p.Name)
		}
		doc.Spec.NodePools = append(doc.Spec.NodePools, p)
	}
	for i := range doc.Spec.Roles {
		if r := &doc.Spec.Roles[i]; r.Name != "core" && r.Name != "other" {
			r.NodePools = append(r.NodePools, open...)
		}
	}
	for i := range 14 {
		r := v1alpha1.Role{Name: fmt.Sprintf("role-%d", i), NodePools: open, Match: &v1alpha1.Match{}, PodSecurity: v1alpha1.Baseline}
		for j := range 4 {
			r.Match.Any = append(r.Match.Any, v1alpha1.Signal{Command: fmt.Sprintf("program-%d-%d", i, j)})
		}
		doc.Spec.Roles = append(doc.Spec.Roles, r)
	}
	for i := range 60 {
		doc.Spec.Images = append(doc.Spec.Images, v1alpha1.ImageIdentity{Repository: fmt.Sprintf("example/image-%d", i), RunAsUser: new(int64(1000)), RunAsGroup: new(int64(1000))})
	}
	for i := range 30 {
		doc.Spec.Exceptions = append(doc.Spec.Exceptions, v1alpha1.Exception{
			Name: fmt.Sprint("e-", i), Namespaces: []string{"polyaxon"}, Roles: []string{"jobs"}, Rules: []string{"run-as-root"}, Owner: "a", Reason: "b", Expires: "2036-01-31",
		})
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if doc, err = v1alpha1.Load("largest.json", text); err != nil {
		t.Fatal(err)
	}
	if errs := native.Check(doc); len(errs) > 0 {
		t.Fatal(errs)
	}
	return doc
}

// TestCost: a large pod stays below the API server's limits: 1,000,000 for an expression, 10,000,000 for a policy.
func TestCost(t *testing.T) {
	t.Run("built-in", func(t *testing.T) { costs(t, pairOf(t, v1alpha1.Default()), 24) })
	t.Run("largest", func(t *testing.T) { costs(t, pairOf(t, largestPolicy(t)), 16) })
}

// costs fails for a pod of as much of everything that costs more than the API server allows.
func costs(t *testing.T, p pair, most int) {
	t.Helper()
	for _, n := range []int{1, 4, 8, 12, 16, 24} {
		e := entry{policy.Request{Namespace: "polyaxon", User: policy.UserNamed("tenant"), Pod: large(n)}}
		mutating, err := p.twin.mutators[0].cost(e)
		t.Logf("%2d of everything: mutating %d (%v)", n, mutating, err)
		if err != nil && n <= most {
			t.Errorf("%d of everything: %v", n, err)
		}
		for _, j := range p.twin.judges {
			cost, err := j.cost(e)
			t.Logf("%2d of everything: %s %d (%v)", n, j.name, cost, err)
			if err != nil && n <= most {
				t.Errorf("%d of everything: %s: %v", n, j.name, err)
			}
		}
	}
}

func (m mutator) cost(e entry) (int64, error) {
	a := e.attributes(e.Pod)
	request := plugincel.CreateAdmissionRequest(a.Attributes, gvr(a), gvk(a))
	result, left, err := m.evaluator.ForInput(m.compiler.CreateContext(context.Background()), a, request,
		plugincel.OptionalVariableBindings{Authorizer: rbac(e)}, namespace(e.Namespace), celconfig.RuntimeCELCostBudget)
	if err == nil && result.Error != nil {
		err = result.Error
	}
	if err != nil {
		err = fmt.Errorf("%s", cause(err.Error()))
	}
	return celconfig.RuntimeCELCostBudget - left, err
}

func (j judge) cost(e entry) (int64, error) {
	a := e.attributes(e.Pod)
	if !matches(j.matches, a) || j.action != admissionv1.Deny {
		return 0, nil
	}
	request := plugincel.CreateAdmissionRequest(a.Attributes, gvr(a), gvk(a))
	results, left, err := j.conditions.ForInput(context.Background(), a, request,
		plugincel.OptionalVariableBindings{Authorizer: rbac(e)}, plugincel.CreateNamespaceObject(namespace(e.Namespace)), celconfig.RuntimeCELCostBudget)
	for _, r := range results {
		if err == nil && r.Error != nil {
			err = fmt.Errorf("%s", cause(r.Error.Error()))
		}
	}
	return celconfig.RuntimeCELCostBudget - left, err
}
