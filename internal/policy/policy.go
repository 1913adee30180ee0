package policy

import (
	"cmp"
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
	// accounts are the service accounts that any policy names, as "namespace/name", and in which list it does.
	accounts map[string]string
	// coreClasses are the PriorityClasses that the policies name for core.
	coreClasses map[string]bool
	outside     string // the names of the governed namespaces, for people
	rules       []Rule
}

// New compiles policy documents, one Polyaxon installation each. They must have been loaded with v1alpha1.Load and
// belong together (v1alpha1.ValidateSet); the error says which namespace two of them govern.
func New(docs ...*v1alpha1.PlacementPolicy) (*Policy, error) {
	p := &Policy{governed: map[string]*installation{}, accounts: map[string]string{}, coreClasses: map[string]bool{}, rules: rules}
	all := make([]*installation, 0, len(docs))
	for _, doc := range docs {
		in, err := compile(doc)
		if err != nil {
			return nil, err
		}
		all = append(all, in)
		if in.coreClass != "" {
			p.coreClasses[in.coreClass] = true
		}
		for _, ns := range doc.Spec.Namespaces {
			if other := p.governed[ns]; other != nil {
				return nil, fmt.Errorf("policies %q and %q both govern namespace %q", other.name, in.name, ns)
			}
			p.governed[ns] = in
		}
		for account, lists := range doc.Spec.NamedAccounts() {
			p.accounts[account] = cmp.Or(p.accounts[account], lists[0])
		}
		for _, pool := range in.pools {
			if pool.protected && !slices.ContainsFunc(p.protected, pool.sameNodes) {
				p.protected = append(p.protected, pool)
			}
		}
	}
	for _, in := range all {
		in.know(p.protected)
	}
	p.outside = strings.Join(p.Namespaces(), ", ")
	return p, nil
}

// Judging is the policy with other rules about pods: tests ask what comes out with one more, or one fewer.
func (p *Policy) Judging(rules []Rule) *Policy {
	other := *p
	other.rules = rules
	return &other
}

// Namespaces are the governed namespaces of all documents, sorted.
func (p *Policy) Namespaces() []string { return slices.Sorted(maps.Keys(p.governed)) }

// Governs says whether the namespace is a governed one.
func (p *Policy) Governs(namespace string) bool { return p.governed[namespace] != nil }

// Mutate returns the pod as it should be stored: placed and hardened on creation, and later nothing but the ephemeral
// containers that are added, hardened. It never refuses: what it cannot resolve it leaves as it is, for Validate to
// name. In shadow it says what it would have changed, and changes nothing.
func (p *Policy) Mutate(r Request) Decision {
	r.steps = r.steps.begin()
	s, d := p.resolve(r)
	if s == nil {
		return d
	}
	d.Verdict = Allowed
	if !r.steps.take(8*size(r.Pod) + 2*s.searchSize(p.protected, r.Pod)) {
		return d.gaveUp(r, Allowed)
	}
	d.Steps = r.steps.taken
	shadowed := s.scope(r.Namespace).shadowed()
	e := p.mutated(s, r, r.Brief && !shadowed)
	d.Pool = s.in.selected(e.pod)
	if !e.changed {
		return d
	}
	d.Changes, d.Shadow = e.changes, shadowed
	if !d.Shadow {
		d.Pod = e.pod
	}
	return d
}

// mutated is the pod with everything that the policy gives it, and what that changed.
func (p *Policy) mutated(s *subject, r Request, brief bool) *edit {
	e := &edit{pod: shallowCopy(r.Pod), brief: brief}
	if r.Old == nil {
		s.prioritize(e, r.Priorities)
	}
	switch {
	case r.Old != nil && r.Subresource == EphemeralContainers:
		s.hardenAdded(e, r.Old)
	case r.Old == nil && !s.daemon:
		s.place(e)
		s.seal(e, p.protected)
		s.harden(e)
		s.giveHome(e, r.Pod)
	}
	return e
}

// Validate judges the pod as it is, whoever wrote it: every rule runs. An update is refused only for what it makes
// worse: what was already wrong with the old pod does not count against the new one. In shadow, where nothing placed
// it, the pod is judged as if it had been.
func (p *Policy) Validate(r Request) Decision {
	r.steps = r.steps.begin()
	s, d := p.resolve(r)
	if s == nil {
		return p.mirrored(r, d)
	}
	at := s.scope(r.Namespace)
	if at.shadowed() {
		r.steps.take(8*size(r.Pod) + 2*s.searchSize(p.protected, r.Pod))
		r.Pod = p.mutated(s, r, true).pod
		s, _ = p.resolve(r) // an override may ask for what it was just given
	}
	d.Pool = s.in.selected(r.Pod)
	v := p.view(s, r)
	d.Warnings = slices.Concat(s.warnings, v.claimWarnings(), v.accountWarnings())
	found, invalid := p.wrong(s, r)
	if r.steps.over() {
		return d.gaveUp(r, Denied)
	}
	d.Steps = r.steps.taken
	if len(invalid) > 0 {
		d.Invalid = invalid
	}
	at.settle(&d, found, r.Today)
	if len(d.Violations) == 0 && len(d.Invalid) == 0 {
		d.Verdict = Allowed
		if r.Old == nil { // they take effect on creation
			d.Overrides, d.Accepted = s.asked.Said, s.asked.Names
			d.Warnings = slices.Concat(d.Warnings, d.Overrides, v.storeWarnings(), v.rootWarnings(), s.in.unschedulable(r))
		}
	}
	return d
}

// wrong is what is wrong with the pod, and of an update what was not wrong before.
func (p *Policy) wrong(s *subject, r Request) ([]Violation, field.ErrorList) {
	found, invalid := check(p.view(s, r)), s.invalid
	if r.Old == nil {
		return found, invalid
	}
	before := r
	before.Pod, before.Old = r.Old, nil
	old, _ := p.resolve(before)
	if old == nil {
		return found, invalid
	}
	was := check(p.view(old, before))
	worse := added(found, was)
	if r.schedules() {
		worse = slices.DeleteFunc(worse, Violation.guardsCore)
		worse = append(p.asNew(s, r, was), worse...)
	}
	return worse, subtract(invalid, old.invalid, (*field.Error).Error)
}

// schedules says whether the update takes off the last scheduling gate. No scheduler has looked at the pod before.
func (r Request) schedules() bool {
	return r.Old != nil && len(r.Old.Spec.SchedulingGates) > 0 && len(r.Pod.Spec.SchedulingGates) == 0
}

// asNew is what the rules that guard core find in the pod as if it were created now, whatever it was before. What was
// wrong then cannot be mended any more: most fields are immutable.
func (p *Policy) asNew(s *subject, r Request, was []Violation) []Violation {
	r.Old = nil
	if s.scope(r.Namespace).shadowed() {
		r.Pod = p.mutated(s, r, true).pod
	}
	found := slices.DeleteFunc(check(p.view(s, r)), func(v Violation) bool { return !v.guardsCore() })
	for i, v := range found {
		if slices.ContainsFunc(was, func(o Violation) bool { return o.breach() == v.breach() }) {
			found[i].Fix = "create the pod again: " + v.Fix
		}
	}
	return found
}

func (p *Policy) view(s *subject, r Request) View {
	v := View{Request: r, subject: s, rules: p.rules, protected: p.protected, accounts: p.accounts}
	if r.Priorities != nil {
		v.coreRank = p.coreRank(r.Priorities)
	}
	return v
}

// Review is Mutate, then Validate of what came of it, in one decision: what an API server would answer in the end.
func (p *Policy) Review(r Request) Decision {
	r.steps = r.steps.begin()
	placed := p.Mutate(r)
	if placed.Pod != nil {
		r.Pod = placed.Pod
	}
	r.Pod = defaulted(r.Pod)
	d := p.Validate(r)
	d.Pod, d.Changes, d.Shadow = placed.Pod, placed.Changes, placed.Shadow
	return d
}
