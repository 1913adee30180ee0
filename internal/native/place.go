package native

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// mine are the variables about the pools that the pod may use.
func (in *installation) mine() []variable {
	return []variable{
		{"mine", "those that it may use: the one that it asks for, then those of its role",
			`variables.askedPool.optMap(a, [a] + variables.own.filter(p, p.label != a.label)).orValue(variables.own)`},
	}
}

// placement are the variables that say where a pod goes.
func (in *installation) placement() []variable {
	own := perRole(in, func(r v1alpha1.Role) (map[string]string, bool) { return r.NodeSelector, len(r.NodeSelector) > 0 })
	vars := []variable{
		{"roleSelector", "the labels of nodes that the role adds", say(`<own>[?variables.role].orValue({})`, "own", lit(own))},
		{"roleTerms", "the required node affinity that the role adds", say(`<own>[?variables.role].orValue([])`, "own", lit(in.roleTerms()))},
		{"targets", "the pools to choose from, in order", in.served(`variables.askedPool.optMap(a, [a]).orValue(variables.own)`)},
	}
	vars = append(vars, in.unpinned()...)
	vars = append(vars, variable{"wide", "the pod's terms with those of the role", and("variables.unpinnedTerms", "variables.roleTerms")},
		variable{"wideSelector", "the pod's selector with that of the role", merged("variables.roleSelector", "variables.unpinnedSelector")})
	vars = append(vars, choice("first", "variables.targets", "variables.wideSelector", "variables.wide")...)
	if len(in.where(func(r v1alpha1.Role) bool { return r.OnConflict == v1alpha1.Replace })) > 0 {
		vars = append(vars, in.moved()...)
	} else {
		vars = append(vars, variable{"chosen", "the pools on which it is placed", "variables.firstChosen"},
			variable{"keptSelector", "what stays of its selector", "variables.unpinnedSelector"},
			variable{"keptTerms", "what stays of its terms", "variables.unpinnedTerms"})
	}
	vars = append(vars, choice("bare", "variables.targets", "variables.unpinnedSelector", "variables.unpinnedTerms")...)
	return append(vars, in.placed()...)
}

// unpinned are what stays of a pod's selector and terms in a role that is moved: node labels that have nothing to do with
// pools are those of Polyaxon's chart.
func (in *installation) unpinned() []variable {
	kept := []string{corev1.LabelOSStable, corev1.LabelArchStable}
	for _, p := range in.known {
		kept = append(kept, p.NodeLabel.Key)
	}
	ofRole := perRole(in, func(r v1alpha1.Role) ([]string, bool) {
		keys := slices.Collect(maps.Keys(r.NodeSelector))
		for _, t := range required(r.Affinity) {
			for _, e := range t.MatchExpressions {
				keys = append(keys, e.Key)
			}
		}
		slices.Sort(keys)
		return slices.Compact(keys), len(keys) > 0 && r.OnConflict == v1alpha1.Replace
	})
	slices.Sort(kept)
	return []variable{
		{"keeps", "the labels of nodes that it may go on to ask for, where it is moved",
			say(`<kept> + <own>[?variables.role].orValue([])`, "kept", lit(slices.Compact(kept)), "own", lit(ofRole))},
		{"unpins", "whether it is freed of the others", `variables.replace && variables.mine.size() > 0`},
		{"unpinnedSelector", "what stays of its selector", `!variables.unpins ? variables.selector : variables.selector.transformMap(k, v, k in variables.keeps, v)`},
		{"unpinnedTerms", "what stays of its terms; of one of which nothing stays, nothing is required", `!variables.unpins ? variables.terms : ` +
			released("variables.terms", `r.operator in ["NotIn", "DoesNotExist"] || r.key in variables.keeps`)},
	}
}

// released are terms without the requirements that do not stay.
func released(terms, stays string) string {
	return say(`<terms>.exists(t, t.fields.size() == 0 && t.expressions.size() > 0 && !t.expressions.exists(r, <stays>)) ? [] :
<terms>.map(t, {"expressions": t.expressions.filter(r, <stays>), "fields": t.fields})`, "terms", terms, "stays", stays)
}

// moved are the variables of a second choice, for a pod of a role that is moved: without what asks for any pool.
func (in *installation) moved() []variable {
	keys := []string{}
	for _, p := range in.known {
		keys = append(keys, p.NodeLabel.Key)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	vars := []variable{
		{"freedSelector", "its selector without the labels of pools", say(`variables.unpinnedSelector.transformMap(k, v, !(k in <keys>), v)`, "keys", lit(keys))},
		{"freedTerms", "its terms without them", released("variables.unpinnedTerms", `!(r.key in `+lit(keys)+`)`)},
		{"freedWide", "the same with those of the role", and("variables.freedTerms", "variables.roleTerms")},
		{"freedWideSelector", "the same with that of the role", merged("variables.roleSelector", "variables.freedSelector")},
	}
	vars = append(vars, choice("second", "variables.targets", "variables.freedWideSelector", "variables.freedWide")...)
	return append(vars,
		variable{"moves", "whether it asks for another pool, and is moved",
			`!variables.numbers && variables.replace && variables.firstChosen.size() == 0 && variables.secondChosen.size() > 0`},
		variable{"chosen", "the pools on which it is placed", `variables.moves ? variables.secondChosen : variables.firstChosen`},
		variable{"keptSelector", "what stays of its selector", `variables.moves ? variables.freedSelector : variables.unpinnedSelector`},
		variable{"keptTerms", "what stays of its terms", `variables.moves ? variables.freedTerms : variables.unpinnedTerms`})
}

// placed are the variables that hold what the pod asks of nodes in the end.
func (in *installation) placed() []variable {
	tolerations := perRole(in, func(r v1alpha1.Role) ([]corev1.Toleration, bool) { return r.Tolerations, len(r.Tolerations) > 0 })
	sealed := in.seals()
	return append([]variable{
		{"places", "whether it is placed, and given what the role adds", `!variables.torn && !variables.numbers &&
(variables.targets.size() == 0 || variables.chosen.size() > 0 || variables.bareChosen.size() > 0)`},
		{"goesTo", "the pools that it is given", `variables.places ? variables.chosen : []`},
		{"placedSelector", "its selector in the end", say(`!variables.places ? variables.keptSelector : <merged>`, "merged",
			merged(`variables.roleSelector`, merged(`variables.goesTo.transformMapEntry(i, p, {p.key: p.value})`, `variables.keptSelector`)))},
		{"placedTerms", "its terms before it is sealed", say(`!variables.places ? variables.keptTerms : <and>`, "and", and("variables.keptTerms", "variables.roleTerms"))},
		{"taintTolerations", "the tolerations that it lacks for the taints of its pools", say(`variables.goesTo.map(p, p.taints).flatten().distinct().filter(x,
!variables.tolerations.exists(t, !t.seconds && <tolerated> || t.key == x.key && t.operator == "Equal" && t.value == x.?value.orValue("") && t.effect == x.effect)).map(x,
{"key": dyn(x.key), "operator": dyn("Equal"), "value": dyn(x.?value.orValue("")), "effect": dyn(x.effect), "seconds": dyn(false)})`, "tolerated", tolerated)},
		{"roleTolerations", "those of the role that it lacks", say(`!variables.places ? [] : <own>[?variables.role].orValue([]).filter(x,
!(variables.tolerations + variables.taintTolerations).exists(t, t.key == x.?key.orValue("") && t.operator == x.?operator.orValue("") &&
t.value == x.?value.orValue("") && t.effect == x.?effect.orValue("")))`, "own", lit(tolerations))},
		{"allTolerations", "all that it tolerates then", `variables.tolerations + variables.taintTolerations + variables.roleTolerations.map(t,
{"key": dyn(t.?key.orValue("")), "operator": dyn(t.?operator.orValue("")), "value": dyn(t.?value.orValue("")), "effect": dyn(t.?effect.orValue("")),
"seconds": dyn(has(t.tolerationSeconds))})`},
	}, sealed...)
}

// roleTerms are the required terms of roles, as the expressions compare them.
func (in *installation) roleTerms() map[string][]term {
	return perRole(in, func(r v1alpha1.Role) ([]term, bool) {
		var list []term
		for _, t := range required(r.Affinity) {
			list = append(list, term{requirements(t.MatchExpressions), requirements(t.MatchFields)})
		}
		return list, len(list) > 0
	})
}

type term struct {
	Expressions []requirement `json:"expressions"`
	Fields      []requirement `json:"fields"`
}

type requirement struct {
	Key      string                      `json:"key"`
	Operator corev1.NodeSelectorOperator `json:"operator"`
	Values   []string                    `json:"values"`
}

func requirements(list []corev1.NodeSelectorRequirement) []requirement {
	all := []requirement{}
	for _, r := range list {
		all = append(all, requirement{r.Key, r.Operator, append([]string{}, r.Values...)})
	}
	return all
}

// merged is a selector with those labels of another that it lacks.
func merged(from, into string) string {
	return say(`(<from>.size() == 0 ? <into> : (<into>.transformList(k, v, {"key": k, "value": v}) +
<from>.transformList(k, v, !(k in <into>), {"key": k, "value": v})).transformMapEntry(i, e, {e.key: e.value}))`, "from", from, "into", into)
}

// and is the list of terms that holds where both lists hold, as policy.and makes it: an empty list requires nothing.
func and(have, want string) string {
	return say(`(<want>.size() == 0 ? <have> : <have>.size() == 0 ? <want> : <have>.map(t, t.expressions.size() + t.fields.size() == 0 ||
<want>.exists(w, w.expressions.all(r, r in t.expressions) && w.fields.all(r, r in t.fields)) ? [t] : <want>.map(w,
{"expressions": t.expressions + w.expressions.filter(r, !(r in t.expressions)), "fields": t.fields + w.fields.filter(r, !(r in t.fields))})).flatten())`,
		"have", have, "want", want)
}

// seals are the variables that keep the pod off protected pools, one after the other.
func (in *installation) seals() []variable {
	var vars []variable
	before := "variables.placedTerms"
	for i, p := range in.protected {
		one := *in
		one.protected = []v1alpha1.NodePool{p}
		seal := lit([]term{{[]requirement{{p.NodeLabel.Key, corev1.NodeSelectorOpNotIn, []string{p.NodeLabel.Value}}}, []requirement{}}})
		name := "sealed" + number(i+1)
		vars = append(vars, variable{name, "its terms off nodes labelled " + label(p),
			say(`<lands>.size() == 0 ? <before> : [<and>].map(s, <possible>.size() > 0 ? s : <before>)[0]`,
				"lands", one.lands("variables.placedSelector", before, "variables.allTolerations"), "before", before,
				"and", and(before, seal), "possible", possible(anywhere(), "variables.placedSelector", "s"))})
		before = "variables." + name
	}
	return append(vars, variable{"sealedTerms", "its terms in the end", "variables.numbers ? variables.placedTerms : " + before})
}

// placePatches are the operations that place a pod.
func (in *installation) placePatches() string {
	return `(variables.placedSelector == variables.selector ? [] :
[JSONPatch{op: "add", path: "/spec/nodeSelector", value: variables.placedSelector}]) +
(has(object.spec.tolerations) || variables.taintTolerations.size() + variables.roleTolerations.size() == 0 ? [] :
[JSONPatch{op: "add", path: "/spec/tolerations", value: []}]) +
variables.taintTolerations.map(t, JSONPatch{op: "add", path: "/spec/tolerations/-",
value: {"key": t.key, "operator": t.operator, "value": t.value, "effect": t.effect}}) +
variables.roleTolerations.map(t, JSONPatch{op: "add", path: "/spec/tolerations/-", value: t}) +
` + in.affinityPatches()
}
