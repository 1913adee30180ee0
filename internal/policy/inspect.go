package policy

import (
	"slices"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// Inspection is what is to be said of a pod that runs, whoever let it in, and whatever was said of it then.
type Inspection struct {
	// Policy is the name of the policy that governs the namespace; empty for a pod that is not judged. Role is the pod's,
	// Why says which signal decided it.
	Policy, Role, Why string
	// Violations are all that the rules find, those of modes that refuse nothing included; what an exception lifts is
	// left out.
	Violations []Violation
	// Places are those among core's pods that the pod takes by its labels and is not core: whoever made it.
	Places []polyaxon.Place

	barred []*pool // the protected pools that the pod may not use
	pools  []*pool // those that it may use
}

// Inspect judges a pod that runs as if it were created as it is. Where the scheduler chose its node, spec.nodeName is to
// be empty: then the violations say what the scheduler could do with it the next time. Shadow is for admission: what was
// not placed stands here as it is.
func (p *Policy) Inspect(r Request) Inspection {
	r.steps = r.steps.begin()
	s, d := p.resolve(r)
	if s == nil {
		return p.inspectMirror(r, d)
	}
	r.Running = true
	v := p.view(s, r)
	found := check(v)
	if r.steps.over() { // unknown counts as open
		found = append(found, Violation{
			Rule: "core-nodes", Field: largest(r.Pod), Detail: "is too large to tell on which nodes the pod could run", Fix: "make it smaller",
		})
	}
	s.scope(r.Namespace).settle(&d, found, r.Today)
	var places []polyaxon.Place
	if s.role.name != v1alpha1.RoleCore {
		places = claim{s.in, r.User, r.Core}.places(r.Pod)
	}
	return Inspection{
		Places: places,
		Policy: d.Policy, Role: d.Role, Why: d.Why,
		Violations: slices.Concat(d.Violations, d.Warned, d.Audited),
		pools:      v.pools,
		barred:     slices.DeleteFunc(slices.Clone(v.protected), v.mayUse),
	}
}

// inspectMirror judges a mirror pod: what it claims is all that counts. The Inspection is empty for one that claims nothing.
func (p *Policy) inspectMirror(r Request, d Decision) Inspection {
	d = p.mirrored(r, d)
	found := slices.Concat(d.Violations, d.Warned, d.Audited)
	if len(found) == 0 {
		return Inspection{}
	}
	return Inspection{Policy: d.Policy, Why: d.Why, Violations: found}
}

// Outside says whether the node belongs to none of the pools that the pod may use. No node is outside where there are none.
func (s Inspection) Outside(n landing.Node) bool {
	return len(s.pools) > 0 && !slices.ContainsFunc(s.pools, func(p *pool) bool { return p.has(&n) })
}

// Barred is the protected pool that the node belongs to and the pod may not use; false where there is none.
func (s Inspection) Barred(n landing.Node) (landing.Pool, bool) {
	for _, p := range s.barred {
		if p.has(&n) {
			return p.Pool, true
		}
	}
	return landing.Pool{}, false
}
