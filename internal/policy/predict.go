package policy

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// answerEarly adds to a workload's decision what would become of the pods of one of its templates. Polyaxon hides the
// refusal of a pod: its author sees an event of a Job at best. The pod is decided as it would be when its creator asks
// for it, so that what is told early is what is told later, in the same words; only claims of core are left to
// ValidateWorkload. A workload is never mutated.
//
// In mode Enforce what would refuse the pod refuses the workload, unless its template was as bad before; in mode Warn it
// is a warning, in mode Audit it is recorded.
func (p *Policy) answerEarly(d *Decision, mode v1alpha1.Mode, w Workload, t Template) {
	pod := p.later(w, t)
	at := fmt.Sprintf("%s: ", t.At)
	for _, text := range pod.Warnings {
		d.Warnings = append(d.Warnings, at+text)
	}
	for _, text := range pod.Overrides {
		d.Overrides = append(d.Overrides, at+text)
	}
	d.Warned, d.Audited = append(d.Warned, within(t.At, pod.Warned)...), append(d.Audited, within(t.At, pod.Audited)...)
	if pod.Verdict != Denied {
		return
	}
	if mode == v1alpha1.Enforce && p.worse(pod, w, t) {
		d.Violations = append(d.Violations, within(t.At, pod.Violations)...)
		for _, e := range pod.Invalid {
			d.Invalid = append(d.Invalid, field.Invalid(inside(t.At, e.Field), e.BadValue, e.Detail))
		}
		return
	}
	if mode == v1alpha1.Audit {
		d.Audited = append(d.Audited, within(t.At, pod.Violations)...)
		return
	}
	d.Warned = append(d.Warned, within(t.At, pod.Violations)...)
	d.Warnings = append(d.Warnings, fmt.Sprintf("%sits pods of role %q will be refused: %s", at, pod.Role, pod.File.Names(pod.reasons())))
}

// later is the decision on the template's pod. Whether it may claim core was decided by whoever wrote the template.
func (p *Policy) later(w Workload, t Template) Decision {
	return p.Review(Request{
		Namespace: w.Namespace, User: t.Creator, Pod: t.Pod, Trust: Trusted, Owner: t.Owner, Node: t.Node, Nodes: t.Nodes, Core: w.Core,
		Priorities: w.Priorities, Today: w.Today, steps: w.steps,
	})
}

// worse says whether the template is refused for something for which it was not refused before.
func (p *Policy) worse(pod Decision, w Workload, t Template) bool {
	if t.Old == nil {
		return true
	}
	old := t
	old.Pod, old.Old = t.Old, nil
	was := p.later(w, old)
	return len(added(pod.Violations, was.Violations)) > 0 ||
		len(subtract(pod.Invalid, was.Invalid, (*field.Error).Error)) > 0
}

// within are violations of a template's pod, at their places in the workload.
func within(at *field.Path, found []Violation) []Violation {
	moved := slices.Clone(found)
	for i := range moved {
		moved[i].Field = inside(at, moved[i].Field.String())
	}
	return moved
}

// inside is a field of a template's pod at its place in the workload.
func inside(at *field.Path, of string) *field.Path {
	return field.NewPath(at.String() + "." + of)
}
