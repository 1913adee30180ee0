package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

func TestBindings(t *testing.T) {
	p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) {
		d.Spec.BindingUsers = []string{"volcano"}
		d.Spec.Roles[1].Match = &v1alpha1.Match{Any: []v1alpha1.Signal{{Labels: map[string]string{"team": "vision"}}}}
	})
	core := &landing.Node{Name: "n1", Labels: map[string]string{"polyaxon": "core"}}
	free := &landing.Node{Name: "n1", Labels: map[string]string{"polyaxon": "experiments"}}
	const fix = "; leave it to the scheduler, or have the user listed in the policy's bindingUsers"
	const smuggled = ", and would become the pod's own without a review; remove it"
	for name, tc := range map[string]struct {
		user                string
		node                *landing.Node
		labels, annotations map[string]string
		want                string
	}{
		"a user, to a free node": {user: "tenant", node: free},
		"a user, to a core node": {
			user: "tenant", node: core,
			want: `bindings "a" violates binding: target.name is "n1", a protected node (labelled polyaxon=core)` + fix,
		},
		"a user, to an unknown node": {
			user: "tenant",
			want: `bindings "a" violates binding: target.name is "n1", which is not known and may be a protected node` + fix,
		},
		"a user, with the facts of another node": {
			user: "tenant", node: &landing.Node{Name: "n2"},
			want: `bindings "a" violates binding: target.name is "n1", which is not known and may be a protected node` + fix,
		},
		"the scheduler, to a core node":              {user: scheduler, node: core},
		"the scheduler, to an unknown node":          {user: scheduler},
		"a trusted scheduler, with the pod's labels": {user: "volcano", node: core, labels: map[string]string{"type": "polyaxon-core"}},
		"a user whose name begins like a trusted": {
			user: "volcano2", node: core,
			want: `bindings "a" violates binding: target.name is "n1", a protected node (labelled polyaxon=core)` + fix,
		},
		"labels of nobody": {user: "tenant", node: free, labels: map[string]string{"topology.kubernetes.io/zone": "a"}},
		"labels and annotations of a role": {
			user: "tenant", node: free,
			labels:      map[string]string{"app.kubernetes.io/part-of": "polyaxon-core", "team": "vision"},
			annotations: map[string]string{"operation.polyaxon.com/kind": "job", "kubernetes.io/config.mirror": "x"},
			want: `bindings "a" violates binding: metadata.annotations[kubernetes.io/config.mirror] is "x"` + smuggled +
				`. Also violates binding: metadata.annotations[operation.polyaxon.com/kind] is "job"` + smuggled +
				`. Also violates binding: metadata.labels[app.kubernetes.io/part-of] is "polyaxon-core"` + smuggled +
				`. Also violates binding: metadata.labels[team] is "vision"` + smuggled,
		},
		"a label that core's Deployment selects by": {
			user: "tenant", node: free, labels: map[string]string{"app.example/proxy": "x", "pod-template-hash": "5d4f", "tier": "proxy"},
			want: `bindings "a" violates binding: metadata.labels[pod-template-hash] is "5d4f"` + smuggled,
		},
		"an override": {
			user: "tenant", node: free, annotations: map[string]string{"polymoat.io/node-pool": "core"},
			want: `bindings "a" violates binding: metadata.annotations[polymoat.io/node-pool] is "core"` + smuggled,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: "n1"}}
			b.Labels, b.Annotations = tc.labels, tc.annotations
			d := p.ValidateBinding(policy.BindingRequest{
				Namespace: "polyaxon", User: policy.UserInfo{Name: tc.user}, Binding: b, Node: tc.node, Core: live(t),
			})
			if (d.Verdict == policy.Allowed) != (tc.want == "") || d.Policy != "polyaxon" {
				t.Errorf("got verdict %s of policy %q", d.Verdict, d.Policy)
			}
			if diff := cmp.Diff(tc.want, d.Sentence("a")); diff != "" {
				t.Errorf("sentence (-want +got):\n%s", diff)
			}
		})
	}
	d := p.ValidateBinding(policy.BindingRequest{Namespace: "elsewhere", Binding: &corev1.Binding{}, Node: core})
	if d.Verdict != policy.OutOfScope {
		t.Errorf("another namespace: got verdict %s", d.Verdict)
	}
}
