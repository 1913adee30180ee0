package policy_test

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// crowded is a job with many tolerations.
func crowded(n int) *corev1.Pod {
	return with(job(), func(p *corev1.Pod) {
		for i := range n {
			p.Spec.Tolerations = append(p.Spec.Tolerations, corev1.Toleration{Key: fmt.Sprintf("k%d", i), Operator: "Exists"})
		}
	})
}

// TestTooLarge: a decision that would take too much work refuses, in words of its own, and mutates nothing.
func TestTooLarge(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	r := policy.Request{Namespace: "polyaxon", Pod: crowded(300_000)}
	const want = "spec.tolerations takes more work than a decision may; make it smaller"
	if d := p.Mutate(r); d.Verdict != policy.Allowed || d.Pod != nil || d.TooLarge != want {
		t.Errorf("Mutate: %v, a pod %v, %q", d.Verdict, d.Pod != nil, d.TooLarge)
	}
	for name, d := range map[string]policy.Decision{"Validate": p.Validate(r), "Review": p.Review(r)} {
		if got := d.Sentence("a"); got != `pods "a" is too large to be judged: `+want || len(d.Violations) > 0 {
			t.Errorf("%s: %s", name, got)
		}
	}
	w := p.ValidateWorkload(templated(r.Pod, nil))
	if got := w.Sentence("a"); got != `operations.core.polyaxon.com "a" is too large to be judged: batchJobSpec.template.`+want {
		t.Errorf("ValidateWorkload: %s", got)
	}
	found := p.Inspect(r).Violations
	const open = "spec.tolerations is too large to tell on which nodes the pod could run; make it smaller [core-nodes]"
	if len(found) == 0 || found[len(found)-1].String() != open {
		t.Errorf("Inspect: %v", found)
	}
}

// TestStepsGrowWithThePod: the same request takes the same work everywhere, and one twice as large twice as much.
func TestStepsGrowWithThePod(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	steps := func(n int) int { return p.Validate(policy.Request{Namespace: "polyaxon", Pod: crowded(n)}).Steps }
	if small, large := steps(1000), steps(2000); small == 0 || large <= small || large > 2*small {
		t.Errorf("%d steps, and %d for twice as many tolerations", small, large)
	}
}

// TestNowhereSaysNothingOfTooMuch: a warning is not worth seconds.
func TestNowhereSaysNothingOfTooMuch(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	var nodes []landing.Group
	for range 5000 {
		nodes = append(nodes, landing.Group{Count: 1})
	}
	warnings := func(tolerations int) int {
		r := policy.Request{Namespace: "polyaxon", Pod: crowded(tolerations), Nodes: nodesAre(nodes)}
		return len(p.Review(r).Warnings)
	}
	if few, many := warnings(10), warnings(1000); few != 1 || many != 0 {
		t.Errorf("%d warnings of a pod that asks for little, %d of one that asks for much", few, many)
	}
}

// TestWhatIsNotPutIntoWordsIsCounted, and an update with more than that is judged as if it were new.
func TestWhatIsNotPutIntoWordsIsCounted(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	apart := func(terms int) *corev1.Pod {
		return with(job(), func(pod *corev1.Pod) {
			selects("polyaxon", "experiments")(pod)
			pod.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{}}
			for i := range terms {
				list := &pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution
				*list = append(*list, corev1.PodAffinityTerm{TopologyKey: fmt.Sprintf("k%d", i)})
			}
		})
	}
	d := p.Review(policy.Request{Namespace: "polyaxon", Pod: apart(1000)})
	if len(d.Violations) != 64 || !strings.HasSuffix(d.Sentence("a"), ". Also: there are 992 more reasons") {
		t.Errorf("%d violations: %s", len(d.Violations), d.Sentence("a"))
	}
	for terms, want := range map[int]int{64: 0, 1000: 64} {
		u := p.Validate(policy.Request{Namespace: "polyaxon", Pod: apart(terms), Old: apart(terms)})
		n := 0
		for _, v := range u.Violations {
			if v.Rule == "pod-affinity" {
				n++
			}
		}
		if n != want {
			t.Errorf("%d terms, as before: %d violations, want %d", terms, n, want)
		}
	}
}

// TestNamespacesOfOneTerm are one violation, which says how many they are.
func TestNamespacesOfOneTerm(t *testing.T) {
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.EarlyAnswers = v1alpha1.Enforce })
	repels := func(namespaces ...string) *corev1.Pod {
		return with(job(), func(pod *corev1.Pod) {
			pod.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: corev1.LabelHostname, Namespaces: namespaces}},
			}}
		})
	}
	old := repels("polyaxon", "a", "b")
	d := p.Review(policy.Request{Namespace: "polyaxon", Pod: old})
	const want = `pods "x" of role "jobs": environment.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].namespaces[1] ` +
		`is "a", one of 2 namespaces that are not the pod's own, and could keep core pods there from being scheduled; ` +
		`remove it and repel pods of the same namespace only [pod-affinity]`
	if got := d.Sentence("x"); got != want {
		t.Error(got)
	}
	if d := p.ValidateWorkload(templated(repels("polyaxon", "a", "c"), old)); d.Verdict != policy.Denied {
		t.Error("another namespace is taken for the one that was there")
	}
}

// TestStrangersAreCounted: thousands of keys in our domain are not listed.
func TestStrangersAreCounted(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	pod := with(job(), func(p *corev1.Pod) {
		for i := range 20_000 {
			p.Labels[fmt.Sprintf("polymoat.io/key-number-%05d", i)] = "a"
		}
	})
	d := p.Validate(policy.Request{Namespace: "polyaxon", Pod: pod})
	if len(d.Invalid) != 64 || len(d.Sentence("a")) > 4096 {
		t.Fatalf("%d mistakes, %d bytes", len(d.Invalid), len(d.Sentence("a")))
	}
	const want = `metadata.labels[polymoat.io/key-number-00063]: Invalid value: "a": is not an override; accepted after "polymoat.io/": ` +
		`"role", "node-pool", "node-selector", "tolerations", "run-as-user", "run-as-group", "fs-group"; and 19936 more keys are none either`
	if got := d.Invalid[63].Error(); got != want {
		t.Error(got)
	}
}

// TestALongImageIsNotExempt, whatever it begins or ends with.
func TestALongImageIsNotExempt(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	build := func(image string) policy.Decision {
		pod := with(job(), kaniko)
		pod.Spec.Containers[0].Image = image
		return p.Review(policy.Request{Namespace: "polyaxon", Pod: pod})
	}
	const executor = "gcr.io/kaniko-project/executor"
	for image, exempt := range map[string]bool{
		executor + ":v1": true,
		executor + ":" + strings.Repeat("a", 128):          true,
		executor + ":v1@sha256:" + strings.Repeat("a", 64): true,
		executor + "@sha256:" + strings.Repeat("a", 300):   false,
		executor + strings.Repeat("/executor", 100):        false,
	} {
		d := build(image)
		if got := d.Pod.Spec.Containers[0].SecurityContext == nil; got != exempt {
			t.Errorf("%.60s: exempt %v", image, got)
		}
	}
}
