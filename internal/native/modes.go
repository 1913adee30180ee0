package native

import (
	"slices"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// inMode is an expression that holds where a rule has nothing against a pod, or is of another mode for it.
func (in *installation) inMode(r rule, mode v1alpha1.Mode) string {
	if r.ok == "true" {
		return "true"
	}
	applies := in.applies(r.id, mode)
	if applies == "false" {
		return "true"
	}
	expression := "variables." + r.variable()
	if applies != "true" {
		expression += " || !(" + applies + ")"
	}
	if mode == v1alpha1.Enforce && in.isLifted(r.id) {
		expression += " || variables.excused"
	}
	return expression
}

// applies is an expression that says whether the strictest mode of a rule, for all roles that the pod has, is that mode.
func (in *installation) applies(id string, mode v1alpha1.Mode) string {
	roles := `variables.roles`
	if id == "core-claim" {
		roles = `(variables.roles + ["core"])`
	}
	names := in.where(func(v1alpha1.Role) bool { return true })
	stricter := func(m v1alpha1.Mode) bool { return m == mode || m.StricterThan(mode) }
	var parts []string
	always, never := true, true
	for _, ns := range in.Spec.Namespaces {
		var same, above []string
		for _, role := range names {
			m := v1alpha1.ModeOf(in.Spec.Modes, ns, role, id)
			if m == mode {
				same = append(same, role)
			}
			if stricter(m) && m != mode {
				above = append(above, role)
			}
		}
		always = always && len(same) == len(names)
		never = never && len(same) == 0
		if len(same) > 0 {
			parts = append(parts, say(`request.namespace == <ns> && <roles>.exists(r, r in <same>) && !<roles>.exists(r, r in <above>)`,
				"ns", quote(ns), "roles", roles, "same", lit(same), "above", lit(append([]string{}, above...))))
		}
	}
	switch {
	case always:
		return "true"
	case never:
		return "false"
	}
	return either(parts...)
}

// isLifted says whether any exception lifts the rule.
func (in *installation) isLifted(id string) bool {
	return slices.ContainsFunc(in.Spec.Exceptions, func(e v1alpha1.Exception) bool { return slices.Contains(e.Rules, id) })
}

// violated are the rules that would refuse the pod.
func (in *installation) violated() variable {
	return variable{"violated", "the rules that would refuse it", "[]" + each(in.podRules(), func(r rule) string {
		applies := in.applies(r.id, v1alpha1.Enforce)
		if applies == "false" || r.ok == "true" {
			return ""
		}
		return say(" +\n"+`(variables.<name> || !(<applies>) ? [] : [<id>])`, "name", r.variable(), "applies", applies, "id", quote(r.id))
	})}
}

// excused says whether one exception lifts all rules that would refuse the pod. They end: the clock is the time at which
// the API server makes the pod.
func (in *installation) excused() variable {
	var parts []string
	for _, e := range in.Spec.Exceptions {
		parts = append(parts, say(`request.namespace in <namespaces> && variables.roles.all(r, r in <roles>) &&
string(object.metadata.?creationTimestamp.orValue("9")) < <until> && variables.violated.all(v, v in <rules>)`,
			"namespaces", lit(e.Namespaces), "roles", lit(e.Roles), "until", quote(string(e.Expires)+"T99"), "rules", lit(e.Rules)))
	}
	return variable{"excused", "whether one exception lifts them all, on its last day or before", `request.operation == "CREATE" && (` + either(parts...) + `)`}
}

// strictest is the strictest mode of a rule in all namespaces and for all of the roles.
func (in *installation) strictest(id string, roles ...string) v1alpha1.Mode {
	mode := v1alpha1.Audit
	for _, ns := range in.Spec.Namespaces {
		for _, role := range roles {
			if m := v1alpha1.ModeOf(in.Spec.Modes, ns, role, id); m.StricterThan(mode) {
				mode = m
			}
		}
	}
	return mode
}
