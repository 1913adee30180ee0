package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

var gates = []corev1.PodSchedulingGate{{Name: "kueue.x-k8s.io/admission"}, {Name: "example.com/second"}}

// tolerating is a job that asks for core nodes, as nobody gets one past the policy.
func tolerating() *corev1.Pod {
	pod := job()
	pod.Spec.NodeSelector = map[string]string{"polyaxon": "core"}
	pod.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	return pod
}

// TestTheLastGateIsACreation: what is wrong with a pod counts again when it becomes schedulable, if it is about core.
func TestTheLastGateIsACreation(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	placed := p.Mutate(policy.Request{Namespace: "polyaxon", Pod: job()}).Pod
	asRoot := placed.DeepCopy()
	asRoot.Spec.SecurityContext.RunAsUser = new(int64(0))
	for name, tc := range map[string]struct {
		pod           *corev1.Pod
		before, after []corev1.PodSchedulingGate
		want          []string
	}{
		"a pod in order":                     {pod: placed, before: gates},
		"a pod that asks for core":           {pod: tolerating(), before: gates, want: []string{"core-nodes", "node-pool"}},
		"a pod that claims core":             {pod: coreMarks["the label of 0.x"].pod(), before: gates, want: []string{"core-claim"}},
		"one gate of two":                    {pod: tolerating(), before: gates, after: gates[:1]},
		"a pod that was never gated":         {pod: tolerating()},
		"a pod that runs as root, as before": {pod: asRoot, before: gates},
	} {
		t.Run(name, func(t *testing.T) {
			r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: "tenant"}, Pod: tc.pod.DeepCopy(), Old: tc.pod.DeepCopy()}
			r.Pod.Spec.SchedulingGates, r.Old.Spec.SchedulingGates = tc.after, tc.before
			if diff := cmp.Diff(tc.want, rulesOf(p.Validate(r))); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUngatedInShadow: a pod that was not placed, because the policy is in shadow, is in order as if it had been.
func TestUngatedInShadow(t *testing.T) {
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) {
		d.Spec.Shadow, d.Spec.NodePools[0].Taints = []v1alpha1.Scope{{}}, nil
	})
	r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: "kueue"}, Pod: job(), Old: job()}
	r.Old.Spec.SchedulingGates = gates
	if d := p.Validate(r); d.Verdict != policy.Allowed {
		t.Error(d.Sentence("a"))
	}
}

// TestUngatedSentence: what cannot be mended is to be created again, and what comes with the update is to be left out.
func TestUngatedSentence(t *testing.T) {
	p := compile(t, v1alpha1.Default())
	open := other()
	open.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	const opens = `pods "a" of role "other": spec.tolerations[0] lets the pod run on protected nodes; `
	const evidence = ` [core-nodes]: it could run on a node of pool "core" ` +
		`(labels polyaxon=core; taints polyaxon=core:NoSchedule)`
	for name, tc := range map[string]struct {
		old, pod *corev1.Pod
		want     string
	}{
		"it was open":     {open, open, opens + "create the pod again: drop the toleration or add a required node affinity polyaxon NotIn [core]" + evidence},
		"it becomes open": {other(), open, opens + "drop the toleration or add a required node affinity polyaxon NotIn [core]" + evidence},
	} {
		t.Run(name, func(t *testing.T) {
			r := policy.Request{Namespace: "polyaxon", User: policy.UserInfo{Name: "tenant"}, Pod: tc.pod.DeepCopy(), Old: tc.old.DeepCopy()}
			r.Old.Spec.SchedulingGates = gates
			if diff := cmp.Diff(tc.want, p.Validate(r).Sentence("a")); diff != "" {
				t.Errorf("sentence (-want +got):\n%s", diff)
			}
		})
	}
}
