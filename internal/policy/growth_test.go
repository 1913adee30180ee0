package policy_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/policy"
)

// BenchmarkGrowth decides on one job by policies of different size, and says what that costs against the default one: 200
// roles and 100 pools no more than twice, and 100 policies with 2,000 namespaces no more at all. The pods of a cluster are
// no part of a decision; what its nodes cost is in BenchmarkGroups (internal/cluster).
func BenchmarkGrowth(b *testing.B) {
	one := compile(b, v1alpha1.Default())
	wide := compile(b, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { grow(d, 200, 100) })
	many := compile(b, v1alpha1.Default(), others(99, 20)...)
	for _, method := range []struct {
		name   string
		decide func(*policy.Policy, policy.Request) policy.Decision
	}{{"Mutate", (*policy.Policy).Mutate}, {"Validate", (*policy.Policy).Validate}} {
		var first float64
		for _, size := range []struct {
			name string
			*policy.Policy
		}{{"default", one}, {"roles=200,pools=100", wide}, {"policies=100,namespaces=2000", many}} {
			b.Run(method.name+"/"+size.name, func(b *testing.B) {
				r := jobOf(b)
				if method.name == "Validate" {
					r.Pod = size.Mutate(r).Pod
				}
				decide(b, func(r policy.Request) policy.Decision { return method.decide(size.Policy, r) }, r)
				each := float64(b.Elapsed()) / float64(b.N)
				if first == 0 {
					first = each
				}
				b.ReportMetric(each/first, "x-default")
			})
		}
	}
}

// others are policies of other installations, with namespaces of their own.
func others(policies, namespaces int) []any {
	var docs []any
	for i := range policies {
		doc := v1alpha1.Default()
		doc.Metadata.Name, doc.Spec.Release, doc.Spec.Namespaces = fmt.Sprintf("team-%d", i), fmt.Sprintf("polyaxon-%d", i), nil
		for j := range namespaces {
			doc.Spec.Namespaces = append(doc.Spec.Namespaces, fmt.Sprintf("team-%d-%d", i, j))
		}
		docs = append(docs, doc)
	}
	return docs
}

// BenchmarkContainers shows the cost per container: it must not grow with their number.
func BenchmarkContainers(b *testing.B) {
	p := compile(b, v1alpha1.Default())
	for _, n := range []int{1, 10, 100, 1000} {
		r := jobOf(b)
		r.Pod = r.Pod.DeepCopy()
		for i := range n {
			r.Pod.Spec.Containers = append(r.Pod.Spec.Containers, corev1.Container{Name: fmt.Sprintf("c%d", i), Image: "busybox"})
		}
		for name, f := range map[string]func(policy.Request) policy.Decision{"Mutate": p.Mutate, "Validate": p.Validate} {
			b.Run(fmt.Sprintf("%s/containers=%d", name, n), func(b *testing.B) {
				decide(b, f, r)
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/container")
			})
		}
	}
}

// TestGrowthDecidesTheSame: the roles and pools that a large policy has beside are no concern of the job.
func TestGrowthDecidesTheSame(t *testing.T) {
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { grow(d, 200, 100) })
	r := jobOf(t)
	d := p.Mutate(r)
	if d.Role != "jobs" || d.Pod.Spec.NodeSelector["polyaxon"] != "experiments" {
		t.Errorf("placed as role %q on %v", d.Role, d.Pod.Spec.NodeSelector)
	}
	r.Pod = d.Pod
	if d := p.Validate(r); d.Verdict != policy.Allowed {
		t.Error(d.Sentence("a"))
	}
	r.Pod = r.Pod.DeepCopy()
	r.Pod.Labels["team"] = "team-150"
	if d := p.Mutate(r); d.Role != "role-150" {
		t.Errorf("a pod of team 150 is of role %q", d.Role)
	}
}

// grow adds roles, each with a label of its own, and pools, half of them protected.
func grow(d *v1alpha1.PlacementPolicy, roles, pools int) {
	for i := range pools {
		value := fmt.Sprintf("pool-%d", i)
		d.Spec.NodePools = append(d.Spec.NodePools, v1alpha1.NodePool{
			Name: value, NodeLabel: v1alpha1.NodeLabel{Key: "polyaxon", Value: value}, Protected: i%2 == 0,
			Taints: []corev1.Taint{{Key: "polyaxon", Value: value, Effect: corev1.TaintEffectNoSchedule}},
		})
	}
	for i := range roles {
		d.Spec.Roles = append(d.Spec.Roles, v1alpha1.Role{
			Name: fmt.Sprintf("role-%d", i), NodePools: []string{"experiments"},
			Match: &v1alpha1.Match{Any: []v1alpha1.Signal{{Labels: map[string]string{"team": fmt.Sprintf("team-%d", i)}}}},
		})
	}
}

// jobOf is a job of the corpus.
func jobOf(t testing.TB) policy.Request {
	t.Helper()
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range cases {
		if tc.Name == "v2.16-job" {
			r, err := tc.Request()
			if err != nil {
				t.Fatal(err)
			}
			r.Brief = true
			return r
		}
	}
	t.Fatal("the corpus has no v2.16-job")
	return policy.Request{}
}
