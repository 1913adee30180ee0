package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Policy decides where Polyaxon pods run. It is immutable and safe for concurrent use.
type Policy struct {
	// governed maps namespaces to the installation that governs them.
	governed map[string]*installation
	// protected are the protected pools of all installations: one Polyaxon's runs have no place on another's core nodes.
	protected []*pool
	outside   string // the names of the governed namespaces, for people
}

// New compiles policy documents, one Polyaxon installation each. They must have been loaded with v1alpha1.Load and
// belong together (v1alpha1.ValidateSet); the error says which namespace two of them govern.
func New(docs ...*v1alpha1.PlacementPolicy) (*Policy, error) {
	p := &Policy{governed: map[string]*installation{}}
	for _, doc := range docs {
		in, err := compile(doc)
		if err != nil {
			return nil, err
		}
		for _, ns := range doc.Spec.Namespaces {
			if other := p.governed[ns]; other != nil {
				return nil, fmt.Errorf("policies %q and %q both govern namespace %q", other.name, in.name, ns)
			}
			p.governed[ns] = in
		}
		for _, pool := range in.pools {
			if pool.protected && !slices.ContainsFunc(p.protected, pool.sameNodes) {
				p.protected = append(p.protected, pool)
			}
		}
	}
	p.outside = strings.Join(p.Namespaces(), ", ")
	return p, nil
}

// Namespaces are the governed namespaces of all documents, sorted.
func (p *Policy) Namespaces() []string { return slices.Sorted(maps.Keys(p.governed)) }

// Mutate returns the pod as it should be stored: placed and hardened on creation, and later nothing but the ephemeral
// containers that are added, hardened. It never refuses: what it cannot resolve it leaves as it is, for Validate to
// name.
func (p *Policy) Mutate(r Request) Decision {
	s, d := p.resolve(r)
	if s == nil {
		return d
	}
	d.Verdict = Allowed
	e := &edit{pod: shallowCopy(r.Pod)}
	switch {
	case r.Old != nil && r.Subresource == EphemeralContainers:
		s.hardenAdded(e, r.Old)
	case r.Old == nil && !s.daemon:
		s.place(e)
		s.seal(e, p.protected)
		s.harden(e)
	}
	if len(e.changes) > 0 {
		d.Pod, d.Changes = e.pod, e.changes
	}
	return d
}

// Validate judges the pod as it is, whoever wrote it: every rule runs. An update is refused only for what it makes
// worse: what was already wrong with the old pod does not count against the new one.
func (p *Policy) Validate(r Request) Decision {
	s, d := p.resolve(r)
	if s == nil {
		return d
	}
	v := View{Request: r, subject: s, protected: p.protected}
	d.Warnings = append(s.warnings, v.claimWarnings()...)
	d.Invalid = s.invalid
	d.Violations = check(v)
	if r.Old != nil {
		before := r
		before.Pod, before.Old = r.Old, nil
		was := p.Validate(before)
		d.Violations = subtract(d.Violations, was.Violations, Violation.breach)
		d.Invalid = subtract(d.Invalid, was.Invalid, (*field.Error).Error)
	}
	if len(d.Violations) == 0 && len(d.Invalid) == 0 {
		d.Verdict = Allowed
		if r.Old == nil { // they take effect on creation
			d.Warnings = slices.Concat(d.Warnings, s.asked.said, s.in.nowhere(r))
		}
	}
	return d
}

// Review is Mutate, then Validate of what came of it, in one decision: what an API server would answer in the end.
func (p *Policy) Review(r Request) Decision {
	placed := p.Mutate(r)
	if placed.Pod != nil {
		r.Pod = placed.Pod
	}
	d := p.Validate(r)
	d.Pod, d.Changes = placed.Pod, placed.Changes
	return d
}

// subtract returns what is in a and not in b, by what key says of each.
func subtract[E any](a, b []E, key func(E) string) []E {
	var rest []E
	for _, e := range a {
		if !slices.ContainsFunc(b, func(o E) bool { return key(o) == key(e) }) {
			rest = append(rest, e)
		}
	}
	return rest
}
