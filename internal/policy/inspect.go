package policy

import (
	"slices"

	"github.com/polymoat/polymoat/internal/landing"
)

// Standing is what is to be said of a pod that runs, whoever let it in, and whatever was said of it then.
type Standing struct {
	// Policy is the name of the policy that governs the namespace; empty for a pod that is not judged. Role is the pod's,
	// Why says which signal decided it.
	Policy, Role, Why string
	// Violations are all that the rules find, those of modes that refuse nothing included; what an exception lifts is
	// left out.
	Violations []Violation

	barred []*pool // the protected pools that the pod may not use
	pools  []*pool // those that it may use
}

// Inspect judges a pod that runs as if it were created as it is. Where the scheduler chose its node, spec.nodeName is to
// be empty: then the violations say what the scheduler could do with it the next time. Shadow is for admission: what was
// not placed stands here as it is.
func (p *Policy) Inspect(r Request) Standing {
	s, d := p.resolve(r)
	if s == nil {
		return Standing{}
	}
	v := p.view(s, r)
	s.scope(r.Namespace).settle(&d, check(v), r.Today)
	return Standing{
		Policy: d.Policy, Role: d.Role, Why: d.Why,
		Violations: slices.Concat(d.Violations, d.Warned, d.Audited),
		pools:      v.pools,
		barred:     slices.DeleteFunc(slices.Clone(v.protected), v.mayUse),
	}
}

// Outside says whether the node belongs to none of the pools that the pod may use. No node is outside where there are none.
func (s Standing) Outside(n landing.Node) bool {
	return len(s.pools) > 0 && !slices.ContainsFunc(s.pools, func(p *pool) bool { return p.has(&n) })
}

// Barred is the protected pool that the node belongs to and the pod may not use; false where there is none.
func (s Standing) Barred(n landing.Node) (landing.Pool, bool) {
	for _, p := range s.barred {
		if p.has(&n) {
			return p.Pool, true
		}
	}
	return landing.Pool{}, false
}
