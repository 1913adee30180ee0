// Package explain words the policy's decision about a pod as data that programs read. It knows no terminal.
package explain

import (
	"fmt"

	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/policy"
)

// Record is one pod of explain's output. Its fields are a promise to programs: they are only ever added to.
type Record struct {
	File      string `json:"file"` // of a live object its name: "job.batch/train"
	Kind      string `json:"kind"` // of the object in the file: "Deployment"
	Namespace string `json:"namespace"`
	Name      string `json:"name"` // of the object in the file
	// Template is the field path of the pod template; absent for a Pod itself.
	Template   string          `json:"template,omitempty"`
	Role       string          `json:"role"`
	Why        string          `json:"why"`
	Verdict    string          `json:"verdict"` // Allowed, Denied or OutOfScope
	Changes    []policy.Change `json:"changes"`
	Violations []Violation     `json:"violations"`
	Warnings   []string        `json:"warnings"`
	// Shadow says that the changes would not be made: the policy has the pod in shadow.
	Shadow bool `json:"shadow,omitempty"`
	// Overrides are those that were accepted, Exception is the one that lifts Excused.
	Overrides []string    `json:"overrides,omitempty"`
	Exception string      `json:"exception,omitempty"`
	Excused   []Violation `json:"excused,omitempty"`
	// Warned and Audited are violations of rules that the policy does not enforce here. Warnings say the former.
	Warned  []Violation `json:"warned,omitempty"`
	Audited []Violation `json:"audited,omitempty"`

	Place string `json:"-"` // "job.yaml: Job/train"
	Pool  string `json:"-"` // the name of the node pool that the pod selects in the end
}

// Violation is one reason to refuse.
type Violation struct {
	Rule   string `json:"rule"`
	Field  string `json:"field"`
	Detail string `json:"detail"`
	Fix    string `json:"fix"`
	// Evidence is how it is known, where the detail does not say it.
	Evidence string `json:"evidence,omitempty"`
}

// invalidOverride takes the place of a rule where an override cannot be understood.
const invalidOverride = "invalid-override"

// New is the record of what a policy decided about a pod in a namespace.
func New(pod manifest.Pod, namespace string, d policy.Decision) Record {
	r := Record{
		File:       pod.Object.File,
		Kind:       pod.Object.Kind(),
		Namespace:  namespace,
		Name:       pod.Object.Name(),
		Template:   pod.Path,
		Role:       d.Role,
		Why:        d.Why,
		Verdict:    d.Verdict.String(),
		Changes:    append([]policy.Change{}, d.Changes...),
		Violations: Violations(d),
		Warnings:   append([]string{}, d.Warnings...),
		Shadow:     d.Shadow,
		Overrides:  d.Overrides,
		Exception:  d.Exception,
		Excused:    reasons(d.Excused),
		Warned:     reasons(d.Warned),
		Audited:    reasons(d.Audited),
		Place:      pod.Object.Title(),
		Pool:       d.Pool,
	}
	if pod.Names != nil {
		r.rename(pod.Names.Replace)
	}
	return r
}

// rename has the record speak of the fields of a polyaxonfile.
func (r *Record) rename(of func(string) string) {
	for i := range r.Changes {
		r.Changes[i].Path = of(r.Changes[i].Path)
	}
	for i := range r.Warnings {
		r.Warnings[i] = of(r.Warnings[i])
	}
	for _, list := range [][]Violation{r.Violations, r.Excused, r.Warned, r.Audited} {
		for i, v := range list {
			list[i] = Violation{v.Rule, of(v.Field), of(v.Detail), of(v.Fix), of(v.Evidence)}
			if v.Field == "spec" {
				list[i].Field = r.Template
			}
		}
	}
}

// Violations are the malformed overrides of a decision, then the rules that it violates.
func Violations(d policy.Decision) []Violation {
	found := []Violation{}
	for _, e := range d.Invalid {
		found = append(found, Violation{Rule: invalidOverride, Field: e.Field, Detail: e.ErrorBody()})
	}
	return append(found, reasons(d.Violations)...)
}

func reasons(of []policy.Violation) []Violation {
	var found []Violation
	for _, v := range of {
		reason := Violation{Rule: v.Rule, Detail: v.Detail, Fix: v.Fix, Evidence: v.Evidence}
		if v.Field != nil {
			reason.Field = v.Field.String()
		}
		found = append(found, reason)
	}
	return found
}

// String is the violation as one clause, as the server words it: what is wrong, what to do, the rule, the evidence.
func (v Violation) String() string {
	text := v.Detail
	if v.Field != "" {
		text = v.Field + " " + text
	}
	if v.Fix != "" {
		text += "; " + v.Fix
	}
	text += " [" + v.Rule + "]"
	if v.Evidence != "" {
		text += ": " + v.Evidence
	}
	return text
}

// Title is the first line about a pod: "job.yaml: Job/train (polyaxon)", "job.batch/train (polyaxon)".
func (r Record) Title() string {
	place := r.Place
	if r.Name == "" {
		place += "(no name)"
	}
	return fmt.Sprintf("%s (%s)", place, r.Namespace)
}
