package native

import (
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

const (
	requiredTerms  = "requiredDuringSchedulingIgnoredDuringExecution"
	preferredTerms = "preferredDuringSchedulingIgnoredDuringExecution"
)

// wish is a list of a role's affinity that is appended to the pod's. Required node terms are ANDed, and are none.
type wish struct{ parent, list string }

var wishes = []wish{
	{"nodeAffinity", preferredTerms}, {"podAffinity", requiredTerms}, {"podAffinity", preferredTerms},
	{"podAntiAffinity", requiredTerms}, {"podAntiAffinity", preferredTerms},
}

func (w wish) name() string {
	return "wants" + strings.ToUpper(w.parent[:1]) + w.parent[1:] + w.list[:1]
}

// wished is what each role has of it.
func (in *installation) wished(w wish) map[string][]any {
	return perRole(in, func(r v1alpha1.Role) ([]any, bool) {
		parent, _ := fields(r.Affinity)[w.parent].(map[string]any)
		list, _ := parent[w.list].([]any)
		return list, len(list) > 0
	})
}

// attraction are the variables about what the pod lacks of its role's affinity.
func (in *installation) attraction() []variable {
	var vars []variable
	for _, w := range wishes {
		if table := in.wished(w); len(table) > 0 {
			vars = append(vars, variable{w.name(), "what it lacks of the " + w.parent + " of its role", say(`!variables.places ? [] :
<table>[?variables.role].orValue([]).filter(x, !(x in object.spec.?affinity.<parent>.<list>.orValue([])))`,
				"table", lit(table), "parent", w.parent, "list", w.list)})
		}
	}
	return vars
}

// affinityPatches are the operations that change a pod's affinity: what holds a list comes first.
func (in *installation) affinityPatches() string {
	changed := "variables.sealedTerms != variables.terms && variables.sealedTerms.size() > 0"
	needs := map[string][]string{"nodeAffinity": {changed}}
	lists := each(wishes, func(w wish) string {
		if len(in.wished(w)) == 0 {
			return ""
		}
		needs[w.parent] = append(needs[w.parent], "variables."+w.name()+".size() > 0")
		return say(` +
(object.spec.?affinity.<parent>.<list>.hasValue() || variables.<name>.size() == 0 ? [] : [JSONPatch{op: "add", path: "/spec/affinity/<parent>/<list>", value: []}]) +
variables.<name>.map(x, JSONPatch{op: "add", path: "/spec/affinity/<parent>/<list>/-", value: x})`, "parent", w.parent, "list", w.list, "name", w.name())
	})
	all, parents := []string{}, ""
	for _, parent := range []string{"nodeAffinity", "podAffinity", "podAntiAffinity"} {
		if len(needs[parent]) == 0 {
			continue
		}
		all = append(all, needs[parent]...)
		parents += say(`(object.spec.?affinity.<parent>.hasValue() || !(<needed>) ? [] : [JSONPatch{op: "add", path: "/spec/affinity/<parent>", value: {}}]) +
`, "parent", parent, "needed", either(needs[parent]...))
	}
	return say(`(has(object.spec.affinity) || !(<any>) ? [] : [JSONPatch{op: "add", path: "/spec/affinity", value: {}}]) +
`, "any", either(all...)) + parents + `(variables.sealedTerms == variables.terms ? [] : variables.sealedTerms.size() == 0 ?
[JSONPatch{op: "remove", path: "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution"}] :
[JSONPatch{op: "add", path: "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution", value: {"nodeSelectorTerms":
variables.sealedTerms.map(t, {
?"matchExpressions": t.expressions.size() == 0 ? optional.none() : optional.of(t.expressions.map(r,
  {"key": dyn(r.key), "operator": dyn(r.operator), ?"values": r.values.size() == 0 ? optional.none() : optional.of(dyn(r.values))})),
?"matchFields": t.fields.size() == 0 ? optional.none() : optional.of(t.fields.map(r,
  {"key": dyn(r.key), "operator": dyn(r.operator), ?"values": r.values.size() == 0 ? optional.none() : optional.of(dyn(r.values))}))})}}])` + lists
}
