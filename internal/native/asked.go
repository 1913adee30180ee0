package native

import (
	"slices"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// bounds are what the overrides of a role may be.
type bounds struct {
	Role  bool               `json:"role"` // whether polymoat.io/role is accepted: here only the role that the pod has anyway
	Pools []string           `json:"pools"`
	IDs   map[string][]int64 `json:"ids"`
}

func boundsOf(r v1alpha1.Role) (bounds, bool) {
	o := r.Overrides
	if o == nil || r.Name == v1alpha1.RoleCore || r.Name == v1alpha1.RoleOther {
		return bounds{}, false
	}
	b := bounds{len(o.Roles) > 0, append([]string{}, o.NodePools...), map[string][]int64{}}
	for name, ids := range map[string]*v1alpha1.IDRange{"runAsUser": o.RunAsUser, "runAsGroup": o.RunAsGroup, "fsGroup": o.FSGroup} {
		if ids != nil {
			b.IDs[name] = []int64{ids.Min, ids.Max}
		}
	}
	return b, b.Role || len(b.Pools)+len(b.IDs) > 0
}

var idKeys = []struct{ field, key string }{
	{"runAsUser", "polymoat.io/run-as-user"}, {"runAsGroup", "polymoat.io/run-as-group"}, {"fsGroup", "polymoat.io/fs-group"},
}

// wants is an optional expression for the value of an override.
func wants(key string) string {
	return say(`variables.annotations[?<key>].or(variables.labels[?<key>])`, "key", quote(key))
}

// asked are the variables about overrides with plain values.
func (in *installation) asked() []variable {
	var fields, ids []string
	for _, id := range idKeys {
		fields = append(fields, id.field)
		ids = append(ids, say(`<wants>.optFlatMap(v, <accepted> ? optional.of(dyn(int(v))) : optional.none())`,
			"wants", wants(id.key), "accepted", acceptedID(id.field)))
	}
	return []variable{
		{"disagrees", "whether a label and an annotation ask for different things", say(`<names>.exists(n,
n in variables.annotations && n in variables.labels && variables.annotations[n] != variables.labels[n])`, "names", lit(overrideNames(true)))},
		{"left", "whether it is left to the webhook, because it asks for what cannot be given here", say(`<keys>.exists(k, k in variables.annotations || k in variables.labels) ||
<role>.orValue(variables.role) != variables.role`, "keys", lit(left()), "role", wants("polymoat.io/role"))},
		{"bounds", "what may be asked for by overrides", say(`<of>[?variables.role].orValue({"role": dyn(false), "pools": dyn([]), "ids": dyn({})})`, "of", lit(perRole(in, boundsOf)))},
		{"replace", "whether the role is moved to its pool, and not refused",
			isOneOf("variables.role", in.where(func(r v1alpha1.Role) bool { return r.OnConflict == v1alpha1.Replace }))},
		{"wantsPool", "the node pool that an override names, if it may",
			wants("polymoat.io/node-pool") + `.optFlatMap(v, !variables.disagrees && v in variables.bounds.pools ? optional.of(variables.pools[v]) : optional.none())`},
		{"torn", "whether the pod itself asks for another one", say(`variables.wantsPool.optMap(p, !variables.replace && (variables.numbers || <possible>.size() == 0)).orValue(false)`,
			"possible", possible(`[{"has": dyn({p.key: p.value}), "lacks": dyn(p.lacks), "bare": dyn([])}]`, "variables.selector", "variables.terms"))},
		{"askedPool", "the node pool that it is given for that", `variables.torn ? optional.none() : variables.wantsPool`},
		{"askedIDs", "the ids that overrides ask for, if they may", present(fields, ids...)},
	}
}

// acceptedID is an expression that says whether the value v of an override is accepted for a field.
func acceptedID(field string) string {
	others := say(`(has(object.spec.securityContext) && object.spec.securityContext.?<field>.orValue(int(v)) != int(v))`, "field", field)
	if field != "fsGroup" {
		others += say(` || (object.spec.containers + object.spec.?initContainers.orValue([])).exists(c, c.?securityContext.<field>.orValue(int(v)) != int(v))`, "field", field)
	}
	return say(`!variables.disagrees && "<field>" in variables.bounds.ids && v.matches(<number>) &&
int(v) >= variables.bounds.ids["<field>"][0] && int(v) <= variables.bounds.ids["<field>"][1] && !(<others>)`,
		"field", field, "number", raw(`^(0|[1-9][0-9]{0,9})$`), "others", others)
}

// left are the keys of the overrides that are left to the webhook, because CEL reads no JSON.
func left() []string {
	return slices.DeleteFunc(overrideNames(false), func(name string) bool { return slices.Contains(overrideNames(true), name) })
}

// overrideNames are the keys of all overrides, or of those that count as labels, too.
func overrideNames(labels bool) []string {
	var names []string
	for _, o := range policy.Overrides {
		if o.Label || !labels {
			names = append(names, o.Name)
		}
	}
	slices.Sort(names)
	return names
}

// overridesOK is an expression that holds where every override is understood, accepted and honoured here.
func overridesOK() string {
	ids := ""
	for _, id := range idKeys {
		ids += say(" &&\n"+`(!<wants>.hasValue() || "<field>" in variables.askedIDs)`, "wants", wants(id.key), "field", id.field)
	}
	return say(`!variables.disagrees &&
variables.annotations.all(k, !k.lowerAscii().startsWith("polymoat.io/") || k in <plain>) &&
variables.labels.all(k, !k.lowerAscii().startsWith("polymoat.io/") || k in <plain>) &&
(!<role>.hasValue() || variables.bounds.role && <role>.value() == variables.role) &&
(!<pool>.hasValue() || variables.askedPool.hasValue())`,
		"plain", lit(overrideNames(true)), "role", wants("polymoat.io/role"), "pool", wants("polymoat.io/node-pool")) + ids
}
