package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// RuleBinding is the one rule about Bindings. A Binding is how a scheduler says on which node a pod runs: whoever may
// create pods/binding, or the legacy bindings, is a scheduler that looks at no taint and no affinity. What stands in a
// Binding's metadata becomes the pod's own, and the pod is not reviewed again.
//
// Refused to all but kube-scheduler and the users of spec.bindingUsers are the name of a protected node in target.name,
// or of one that is not known, and in metadata the labels and annotations that tell a pod's role, polymoat's own and
// the mark of a mirror pod. Trusted schedulers may write them, because some copy a pod's annotations into its Binding.
const RuleBinding = "binding"

// RuleBindingDoc is what RuleBinding refuses, as Rule.Doc.
const RuleBindingDoc = "a Binding to a protected or unknown node, or with labels and annotations that tell a role, but from " +
	"kube-scheduler and `bindingUsers`"

// BindingRequest is one Binding to decide on, with the facts that were gathered about it. It is read-only.
type BindingRequest struct {
	// Namespace is the namespace of the admission request: the Binding's own may still be empty.
	Namespace string
	// User is who asks, as the API server authenticated it.
	User    UserInfo
	Binding *corev1.Binding
	// Node is the node that target.name names; nil where it is not known, and counts as protected then.
	Node *landing.Node
}

// ValidateBinding judges a Binding. The decision tells no role: the pod is not part of the review.
func (p *Policy) ValidateBinding(r BindingRequest) Decision {
	in := p.governed[r.Namespace]
	if in == nil {
		return p.notGoverned(r.Namespace)
	}
	why := fmt.Sprintf("user %q may bind pods to any node", r.User.Name)
	d := Decision{Verdict: Allowed, Policy: in.name, Hash: in.hash, Why: why, Resource: schema.GroupResource{Resource: "bindings"}}
	if in.maySchedule(r.User) {
		return d
	}
	d.Why = fmt.Sprintf("user %q is not a scheduler that the policy trusts", r.User.Name)
	found := append(p.targetOf(r), in.smuggled(r.Binding)...)
	scope{in, r.Namespace, []string{""}}.settle(&d, found, 0)
	if len(d.Violations) > 0 {
		d.Verdict = Denied
	}
	return d
}

// maySchedule says whether the user is a scheduler that is trusted to look at taints and affinity.
func (in *installation) maySchedule(u UserInfo) bool {
	return u.Name == "system:kube-scheduler" || slices.Contains(in.bindingUsers, u.Name)
}

// targetOf is the violation of a Binding to a node that is protected, or may be.
func (p *Policy) targetOf(r BindingRequest) []Violation {
	name := r.Binding.Target.Name
	found := Violation{
		Rule: RuleBinding, Field: field.NewPath("target", "name"),
		Fix: "leave it to the scheduler, or have the user listed in the policy's bindingUsers",
	}
	if r.Node == nil || r.Node.Name != name {
		found.Detail = fmt.Sprintf("is %q, which is not known and may be a protected node", short(name))
		return []Violation{found}
	}
	for _, pool := range p.protected {
		if pool.has(r.Node) {
			found.Detail = fmt.Sprintf("is %q, a protected node (labelled %s=%s)", short(name), pool.Key, pool.Value)
			return []Violation{found}
		}
	}
	return nil
}

// smuggled are the labels and annotations that would change what the pod is taken for.
func (in *installation) smuggled(b *corev1.Binding) []Violation {
	var found findings
	for _, part := range []struct {
		name   string
		values map[string]string
		tells  func(key string) bool
	}{
		{"annotations", b.Annotations, func(key string) bool {
			return key == corev1.MirrorPodAnnotationKey || polyaxon.IsIdentityAnnotation(key)
		}},
		{"labels", b.Labels, in.isIdentityLabel},
	} {
		for _, key := range slices.Sorted(maps.Keys(part.values)) {
			if !strings.HasPrefix(key, overridePrefix) && !part.tells(key) {
				continue
			}
			found.add(func() Violation {
				return Violation{
					Rule: RuleBinding, Field: field.NewPath("metadata", part.name).Key(key),
					Detail: fmt.Sprintf("is %q, and would become the pod's own without a review", short(part.values[key])),
					Fix:    "remove it",
				}
			})
		}
	}
	return found
}

// isIdentityLabel says whether the label decides roles: one of Polyaxon's, or of a signal that the policy gives.
func (in *installation) isIdentityLabel(key string) bool {
	return polyaxon.IsIdentityLabel(key) || slices.ContainsFunc(in.matchers.rows, func(m polyaxon.Row) bool {
		_, ok := m.Signal.Labels[key]
		return ok
	})
}
