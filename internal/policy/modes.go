package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// exception is one of the policy, ready to decide with.
type exception struct {
	v1alpha1.Exception
	last v1alpha1.Day
}

// scope is where a request belongs: modes and exceptions are narrowed to it.
type scope struct {
	in        *installation
	namespace string
	// roles are all roles that the pod has: by Polyaxon's own marks, by content, by an override. The first is the one that
	// it is placed as. What is narrowed to roles holds only if it names all of them: content and overrides may move a pod,
	// and free it of nothing. A Binding has the role "".
	roles []string
}

// scope is where the subject belongs.
func (s *subject) scope(namespace string) scope {
	roles := make([]string, 0, 3)
	for _, r := range []*role{s.role, s.ownRole, s.labelRole} {
		if !slices.Contains(roles, r.name) {
			roles = append(roles, r.name)
		}
	}
	return scope{s.in, namespace, roles}
}

// mode is what a rule does here: the strictest of what it does for each of the roles. A claim of core counts as core's,
// whatever else the pod is: no label that a user wrote moves it into the mode of a run.
func (s scope) mode(rule string) v1alpha1.Mode {
	strictest, roles := v1alpha1.Audit, s.roles
	if rule == ruleCoreClaim {
		roles = append(slices.Clip(roles), v1alpha1.RoleCore)
	}
	for _, role := range roles {
		if m := v1alpha1.ModeOf(s.in.modes, s.namespace, role, rule); m.StricterThan(strictest) {
			strictest = m
		}
	}
	return strictest
}

// shadowed says whether placement and hardening are worked out, and not applied.
func (s scope) shadowed() bool {
	return !slices.ContainsFunc(s.roles, func(role string) bool {
		return !slices.ContainsFunc(s.in.shadow, func(sh v1alpha1.Scope) bool { return sh.Holds(s.namespace, role) })
	})
}

// settle sorts what the rules found by what comes of it: it refuses, is excused by an exception, or is only told.
func (s scope) settle(d *Decision, found []Violation, today v1alpha1.Day) {
	for _, v := range found {
		v = v.clipped()
		switch s.mode(v.Rule) {
		case v1alpha1.Enforce:
			d.Violations = append(d.Violations, v)
		case v1alpha1.Warn:
			d.Warned = append(d.Warned, v)
		case v1alpha1.Audit:
			d.Audited = append(d.Audited, v)
		}
	}
	s.excuse(d, today)
	d.Warnings = append(d.Warnings, admitted(d.Warned)...)
}

// admitted are the warnings about violations that refuse nothing.
func admitted(found []Violation) []string {
	var list []string
	for _, v := range found[:min(len(found), mostClauses)] {
		list = append(list, fmt.Sprintf("%s (admitted: the rule is in mode %s)", v, v1alpha1.Warn))
	}
	if more := len(found) + uncounted(found) - len(list); more > 0 {
		list = append(list, left(more, "warning"))
	}
	return list
}

// excuse lifts the violations, if one exception names the rules of all of them: exceptions do not combine. Those that
// nearly do are told, so that nobody has to guess why theirs has no effect.
func (s scope) excuse(d *Decision, today v1alpha1.Day) {
	rules := ruleIDs(d.Violations)
	if len(rules) == 0 {
		return
	}
	var near []string
	for _, e := range s.in.exceptions {
		lifts := common(rules, e.Rules)
		if today == 0 || today > e.last || len(lifts) == 0 || !slices.Contains(e.Namespaces, s.namespace) || !slices.Contains(e.Roles, s.roles[0]) {
			continue
		}
		other := missingFrom(s.roles, e.Roles)
		switch {
		case len(other) > 0:
			near = append(near, fmt.Sprintf("exception %q names role %q, but not %s, which the pod was before content or an override moved it: both count",
				e.Name, s.roles[0], v1alpha1.Quoted(other)))
		case len(lifts) < len(rules):
			near = append(near, fmt.Sprintf("exception %q lifts %s, but not %s: exceptions do not combine",
				e.Name, strings.Join(lifts, ", "), strings.Join(missingFrom(rules, e.Rules), ", ")))
		default:
			d.Excused, d.Violations, d.Exception = d.Violations, nil, e.Name
			d.Warnings = append(d.Warnings, e.ending(today, rules)...)
			return
		}
	}
	d.Warnings = append(d.Warnings, near...)
}

// ending is the warning in the last week of an exception.
func (e exception) ending(today v1alpha1.Day, rules []string) []string {
	when := e.Until(today)
	if when == "" {
		return nil
	}
	return []string{fmt.Sprintf("exception %q ends %s, on %s: %s will refuse this then (owner: %s; reason: %s)",
		e.Name, when, e.Expires, strings.Join(rules, ", "), short(e.Owner), short(e.Reason))}
}

// ruleIDs are the rules of violations, each once.
func ruleIDs(found []Violation) []string {
	var ids []string
	for _, v := range found {
		if !slices.Contains(ids, v.Rule) {
			ids = append(ids, v.Rule)
		}
	}
	return ids
}

// missingFrom are the words of a that are not in b.
func missingFrom(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(word string) bool { return slices.Contains(b, word) })
}

// RuleUse is what one rule came to in a decision.
type RuleUse struct {
	Rule string
	Mode v1alpha1.Mode
}

// Rules are the rules that a decision names, each once with the strictest mode in which it fired; those that an
// exception lifted are left out.
func (d Decision) Rules() []RuleUse {
	var uses []RuleUse
	for _, told := range []struct {
		found []Violation
		mode  v1alpha1.Mode
	}{{d.Violations, v1alpha1.Enforce}, {d.Warned, v1alpha1.Warn}, {d.Audited, v1alpha1.Audit}} {
		for _, id := range ruleIDs(told.found) {
			if !slices.ContainsFunc(uses, func(u RuleUse) bool { return u.Rule == id }) {
				uses = append(uses, RuleUse{id, told.mode})
			}
		}
	}
	return uses
}

// found are all violations, whatever comes of them.
func (d Decision) found() []Violation {
	return slices.Concat(d.Violations, d.Warned, d.Audited, d.Excused)
}
