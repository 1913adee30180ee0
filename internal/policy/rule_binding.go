package policy

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// RuleBinding is the one rule about Bindings. A Binding says on which node a pod runs. Whoever creates one is a scheduler
// that looks at no taint and no affinity: a run could be put on a core node, and a core pod, with its Secrets, on any
// other. What stands in a Binding's metadata becomes the pod's own, and the pod is not reviewed again.
//
// Refused is every Binding, through pods/binding or the legacy bindings, but from kube-scheduler and the users of
// spec.bindingUsers.
const RuleBinding = "binding"

// RuleBindingDoc is what RuleBinding refuses, as Rule.Doc.
const RuleBindingDoc = "a Binding of any pod to any node, but from kube-scheduler and `bindingUsers`"

// BindingRequest is one Binding to decide on. It is read-only.
type BindingRequest struct {
	// Namespace is the namespace of the admission request: the Binding's own may still be empty.
	Namespace string
	// User is who asks, as the API server authenticated it.
	User    UserInfo
	Binding *corev1.Binding
}

// ValidateBinding judges a Binding. The decision tells no role: the pod is not part of the review.
func (p *Policy) ValidateBinding(r BindingRequest) Decision {
	in := p.governed[r.Namespace]
	if in == nil {
		return p.notGoverned(r.Namespace)
	}
	why := fmt.Sprintf("user %q may bind pods to any node", r.User.Name)
	d := Decision{Verdict: Allowed, Policy: in.name, Hash: in.hash, Contact: in.contact, Why: why, Resource: schema.GroupResource{Resource: "bindings"}}
	if in.maySchedule(r.User) {
		return d
	}
	d.Why = fmt.Sprintf("user %q is not a scheduler that the policy trusts", r.User.Name)
	found := []Violation{{
		Rule: RuleBinding, Field: field.NewPath("target", "name"),
		Detail: fmt.Sprintf("is %q, and user %q may not choose the node of a pod", short(r.Binding.Target.Name), short(r.User.Name)),
		Fix:    "leave it to the scheduler, or have the user listed in the policy's bindingUsers",
	}}
	scope{in, r.Namespace, []string{""}}.settle(&d, found, 0)
	if len(d.Violations) > 0 {
		d.Verdict = Denied
	}
	return d
}

// maySchedule says whether the user is a scheduler that is trusted to look at taints and affinity.
func (in *installation) maySchedule(u UserInfo) bool {
	return u.Name == kubeScheduler || slices.Contains(in.bindingUsers, u.Name)
}
