package policy

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// Workload is an object that makes pods, as somebody creates or changes it: before any controller acts on it.
type Workload struct {
	Namespace string
	User      UserInfo
	Trust     Trust
	Resource  schema.GroupResource // deployments.apps
	Kind      string               // "Deployment"
	// Marks are the object's own metadata; Old is what it was before, nil for a new object.
	Marks
	Old *Marks
	// Templates are those that the request adds or changes. What stays as it was is not judged.
	Templates []Template
	// Classes are those that an object of GroupAPI names, or newly names.
	Classes []Class
	// Core is as in a Request.
	Core []CoreWorkload
	// Priorities are those of the cluster; nil where they are not known.
	Priorities *Priorities
	// Today is when it is asked: exceptions end.
	Today v1alpha1.Day

	steps *steps
}

// Template is a pod that a workload makes.
type Template struct {
	// At is its place in the object: spec.template.
	At *field.Path
	// Pod is the pod as its controller will create it, owner included; Old is what it was before, nil for a new one.
	Pod, Old *corev1.Pod
	// Creator is the user that creates the pod; empty where that may be anybody.
	Creator UserInfo
	// Owner, Node and Nodes are facts about the pod, as in a Request.
	Owner *polyaxon.Owner
	Node  *landing.Node
	Nodes func(landing.Constraints) iter.Seq[landing.Group]
	// LabelAt is where a label of the pod stands in the object.
	LabelAt func(key string) *field.Path
	// Inexact is why not all readers of the object see this pod; empty where they do.
	Inexact string
	// Hidden is how a ControllerRevision of another kind may become another pod; empty where it cannot.
	Hidden string
}

// ValidateWorkload judges what a workload's pods will claim, and answers early what would become of them (predict.go).
// Built-in controllers create those pods, and are trusted because only the trusted get a claim of core past this.
// What such a controller itself makes for its owner was judged in the owner.
func (p *Policy) ValidateWorkload(w Workload) Decision {
	in := p.governed[w.Namespace]
	if in == nil {
		return p.notGoverned(w.Namespace)
	}
	d := Decision{Verdict: Allowed, Policy: in.name, Hash: in.hash, Contact: in.contact, Resource: w.Resource, Why: "no pod template is added or changed"}
	w.steps = w.steps.begin()
	made := w.User.makes(w.Kind, w.Owners)
	granted := w.Trust == Trusted || in.trusts(w.User, w.Namespace) || made || w.revisedByController()
	for _, t := range w.Templates {
		if !w.steps.take(2*size(t.Pod) + size(t.before())) {
			return d.gaveUpOn(w, t)
		}
		role, _, id := in.classify(t.before())
		if role.name != v1alpha1.RoleCore {
			role, _, id = in.classify(t.Pod)
		}
		if d.Role == "" || role.name == v1alpha1.RoleCore {
			d.Role, d.Why = role.name, id.Why
		}
		if !granted {
			d.join(in.claimed(w, t, role))
		}
		if !made && t.Inexact == "" {
			p.answerEarly(&d, in.earlyAnswers, w, t)
		}
		if w.steps.over() {
			return d.gaveUpOn(w, t)
		}
	}
	if !granted {
		in.ownClaim(&d, w)
		if found := p.groups(w); len(found) > 0 {
			scope{in, w.Namespace, []string{""}}.settle(&d, found, w.Today)
		}
	}
	d.Steps = w.steps.taken
	if len(d.Violations) > 0 || len(d.Invalid) > 0 {
		d.Verdict = Denied
	} else {
		d.Warnings = append(d.Warnings, in.takenOff(w)...)
	}
	slices.SortStableFunc(d.Violations, func(a, b Violation) int { return cmp.Compare(a.Field.String(), b.Field.String()) })
	return d
}

// claimed is the decision on what a template claims, by a user who is not granted it.
func (in *installation) claimed(w Workload, t Template, role *role) Decision {
	return in.settled(w, claim{in, w.User, w.Core}.templated(w, t), role.name)
}

// ownClaim adds what the object's own labels claim, by a user who is not granted it. Where they reach its pods, it was
// found in the template.
func (in *installation) ownClaim(d *Decision, w Workload) {
	own := in.settled(w, claim{in, w.User, w.Core}.labelled(w), v1alpha1.RoleCore)
	own.Violations = added(own.Violations, d.Violations)
	if len(own.found()) > 0 {
		d.Role, d.Why = v1alpha1.RoleCore, "its own labels"
	}
	d.join(own)
}

// settled is what comes of claims of core.
func (in *installation) settled(w Workload, found []Violation, role string) Decision {
	for i := range found {
		found[i].Rule = ruleCoreClaim
	}
	d := Decision{Role: role}
	scope{in, w.Namespace, []string{role}}.settle(&d, found, w.Today)
	return d
}

// join adds what was found in one template to what was found in the others.
func (d *Decision) join(one Decision) {
	d.Violations = append(d.Violations, one.Violations...)
	d.Warned, d.Audited = append(d.Warned, one.Warned...), append(d.Audited, one.Audited...)
	d.Warnings = append(d.Warnings, one.Warnings...)
}

// before is what the template was, or is where it is new.
func (t Template) before() *corev1.Pod { return cmp.Or(t.Old, t.Pod) }

// templated is the violation of a template that claims core, or that did and changes.
func (c claim) templated(w Workload, t Template) []Violation {
	switch {
	case w.Kind == revisionKind:
		return c.revised(w, t)
	case t.Old != nil && c.isCore(t.Old):
		return c.changed(t.Old, t.At, "template")
	}
	if found := c.made(t.Pod, t.LabelAt); len(found) > 0 {
		return found
	}
	if t.Inexact != "" {
		return []Violation{{
			Field:  t.At,
			Detail: fmt.Sprintf("%s: it may claim role %q, which %s is not trusted with", t.Inexact, v1alpha1.RoleCore, c.who()),
			Fix:    fmt.Sprintf("spell its keys as Kubernetes does, or have %s create it", c.trusted),
		}}
	}
	return c.taken(t.Pod, t.Old, t.LabelAt)
}
