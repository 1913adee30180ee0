package native

import (
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
)

// Change is one policy of a twin that is not what it was.
type Change struct {
	Name string `json:"name"`
	// Is is "new", "gone" or "changed". Parts are the variables and validations that are not the same: "pools", "core-nodes".
	Is    string   `json:"is"`
	Parts []string `json:"parts,omitempty"`
}

// Changes are those from one twin to another, in the order of the new one; what is gone comes last.
func Changes(from, to Twin) []Change {
	before, after := from.parts(), to.parts()
	var list []Change
	for _, p := range after {
		i := slices.IndexFunc(before, func(b named) bool { return b.name == p.name })
		if i < 0 {
			list = append(list, Change{Name: p.name, Is: "new"})
			continue
		}
		if parts := differing(before[i].parts, p.parts); len(parts) > 0 {
			list = append(list, Change{p.name, "changed", parts})
		}
	}
	for _, b := range before {
		if !slices.ContainsFunc(after, func(p named) bool { return p.name == b.name }) {
			list = append(list, Change{Name: b.name, Is: "gone"})
		}
	}
	return list
}

// named is a policy by its parts.
type named struct {
	name  string
	parts []variable
}

func (t Twin) parts() []named {
	var list []named
	for _, p := range t.Mutating {
		n := named{p.Name, partsOf(p.Spec.Variables, p.Spec.MatchConstraints)}
		for _, m := range p.Spec.Mutations {
			n.parts = append(n.parts, variable{"mutations", "", m.JSONPatch.Expression})
		}
		list = append(list, n)
	}
	for _, p := range t.Validating {
		n := named{p.Name, partsOf(p.Spec.Variables, p.Spec.MatchConstraints)}
		for _, v := range p.Spec.Validations {
			n.parts = append(n.parts, variable{"validations", "", v.Expression + v.Message})
		}
		list = append(list, n)
	}
	return list
}

func partsOf(variables []admissionv1.Variable, match *admissionv1.MatchResources) []variable {
	parts := []variable{{"matchConstraints", "", lit(match)}}
	for _, v := range variables {
		parts = append(parts, variable{v.Name, "", v.Expression})
	}
	return parts
}

// differing are the names of parts that both do not have.
func differing(a, b []variable) []string {
	var names []string
	for _, list := range [][2][]variable{{a, b}, {b, a}} {
		for _, v := range list[0] {
			if !slices.Contains(list[1], v) && !slices.Contains(names, v.name) {
				names = append(names, v.name)
			}
		}
	}
	return names
}
