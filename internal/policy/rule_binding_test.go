package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

func TestBindings(t *testing.T) {
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) { d.Spec.BindingUsers = []string{"volcano"} })
	refused := func(user string) string {
		return `bindings "a": target.name is "n1", and user "` + user + `" may not choose the node of a pod; ` +
			"leave it to the scheduler, or have the user listed in the policy's bindingUsers [binding]"
	}
	for user, want := range map[string]string{
		scheduler:                      "",
		"volcano":                      "",
		"volcano2":                     refused("volcano2"),
		"tenant":                       refused("tenant"),
		"":                             refused(""),
		"system:node:builds-1":         refused("system:node:builds-1"),
		kube + "replicaset-controller": refused(kube + "replicaset-controller"),
	} {
		t.Run(user, func(t *testing.T) {
			b := &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: "n1"}}
			d := p.ValidateBinding(policy.BindingRequest{Namespace: "polyaxon", User: policy.UserInfo{Name: user}, Binding: b})
			if (d.Verdict == policy.Allowed) != (want == "") || d.Policy != "polyaxon" {
				t.Errorf("got verdict %s of policy %q", d.Verdict, d.Policy)
			}
			if diff := cmp.Diff(want, d.Sentence("a")); diff != "" {
				t.Errorf("sentence (-want +got):\n%s", diff)
			}
		})
	}
	d := p.ValidateBinding(policy.BindingRequest{Namespace: "elsewhere", Binding: &corev1.Binding{}})
	if d.Verdict != policy.OutOfScope {
		t.Errorf("another namespace: got verdict %s", d.Verdict)
	}
}
