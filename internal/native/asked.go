package native

import (
	"slices"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/override"
)

// bounds are what the overrides of a role may be.
type bounds struct {
	Roles []string           `json:"roles"`
	Pools []string           `json:"pools"`
	IDs   map[string][]int64 `json:"ids"`
}

func boundsOf(r v1alpha1.Role) (bounds, bool) {
	o := r.Overrides
	if o == nil || r.Name == v1alpha1.RoleCore || r.Name == v1alpha1.RoleOther {
		return bounds{}, false
	}
	b := bounds{append([]string{}, o.Roles...), append([]string{}, o.NodePools...), map[string][]int64{}}
	for name, ids := range map[string]*v1alpha1.IDRange{"runAsUser": o.RunAsUser, "runAsGroup": o.RunAsGroup, "fsGroup": o.FSGroup} {
		if ids != nil {
			b.IDs[name] = []int64{ids.Min, ids.Max}
		}
	}
	return b, len(b.Roles)+len(b.Pools)+len(b.IDs) > 0
}

// idKey is a field of security contexts, and the override that asks for it.
type idKey struct{ field, key string }

var idKeys = []idKey{
	{"runAsUser", "polymoat.io/run-as-user"}, {"runAsGroup", "polymoat.io/run-as-group"}, {"fsGroup", "polymoat.io/fs-group"},
}

// wants is an optional expression for the value of an override.
func wants(key string) string {
	return say(`variables.asks[?<key>]`, "key", quote(key))
}

// asked are the variables about overrides with plain values.
func (in *installation) asked() []variable {
	var fields, ids []string
	pools := perRole(in, func(r v1alpha1.Role) ([]string, bool) { return r.NodePools, len(r.NodePools) > 0 })
	for _, id := range idKeys {
		fields = append(fields, id.field)
		ids = append(ids, say(`<wants>.optFlatMap(v, <accepted> ? optional.of(dyn(int(v))) : optional.none())`,
			"wants", wants(id.key), "accepted", acceptedID(id.field)))
	}
	return []variable{
		{"left", "whether it is left to the webhook, because it asks for what cannot be given here", say(`<keys>.exists(k, k in variables.annotations || k in variables.labels)`,
			"keys", lit(left()))},
		{"bounds", "what may be asked for by overrides: the bounds are those of its own role", say(`<of>[?variables.ownRole].orValue({"roles": dyn([]), "pools": dyn([]), "ids": dyn({})})`, "of", lit(perRole(in, boundsOf)))},
		{"own", "the node pools of its role", say(`<of>[?variables.role].orValue([]).map(n, variables.pools[n])`, "of", lit(pools))},
		{"replace", "whether the role is moved to its pool, and not refused",
			isOneOf("variables.role", in.where(func(r v1alpha1.Role) bool { return r.OnConflict == v1alpha1.Replace }))},
		{"wantsPool", "the node pool that an override names, if it may; beside another role, only one of that role's",
			wants("polymoat.io/node-pool") + `.optFlatMap(v, v in variables.bounds.pools &&
(variables.role == variables.ownRole || variables.own.exists(p, p.label == variables.pools[v].label)) ? optional.of(variables.pools[v]) : optional.none())`},
		{"torn", "whether the pod itself asks for another one", say(`variables.wantsPool.optMap(p, !variables.replace && (variables.numbers || <possible>.size() == 0)).orValue(false)`,
			"possible", possible(`[{"has": dyn({p.key: p.value}), "lacks": dyn(p.lacks), "bare": dyn([])}]`, "variables.selector", "variables.terms"))},
		{"askedPool", "the node pool that it is given for that", `variables.torn ? optional.none() : variables.wantsPool`},
		{"askedIDs", "the ids that overrides ask for, if they may", present(fields, ids...)},
	}
}

// acceptedID is an expression that says whether the value v of an override is accepted for a field.
func acceptedID(field string) string {
	return say(`"<field>" in variables.bounds.ids && v.matches(<number>) &&
int(v) >= variables.bounds.ids["<field>"][0] && int(v) <= variables.bounds.ids["<field>"][1] && !(<others>)`,
		"field", field, "number", plainNumber, "others", otherID(field))
}

var plainNumber = raw(`^(0|[1-9][0-9]{0,9})$`)

// otherID is an expression that says whether the pod or a container sets another id than v.
func otherID(field string) string {
	others := say(`(has(object.spec.securityContext) && object.spec.securityContext.?<field>.orValue(int(v)) != int(v))`, "field", field)
	if field != "fsGroup" {
		others += say(` || (object.spec.containers + object.spec.?initContainers.orValue([])).exists(c, c.?securityContext.<field>.orValue(int(v)) != int(v))`, "field", field)
	}
	return others
}

// sameID is an expression that says whether all containers have the id v anyway.
func sameID(field string) string {
	has := say(`object.spec.?securityContext.<field>.hasValue()`, "field", field)
	if field != "fsGroup" {
		has += say(` || (object.spec.containers + object.spec.?initContainers.orValue([])).all(c, c.?securityContext.<field>.hasValue())`, "field", field)
	}
	return say(`v.matches(<number>) && !(<others>) && (<has>)`, "number", plainNumber, "others", otherID(field), "has", has)
}

// left are the keys of the overrides that are left to the webhook, because CEL reads no JSON.
func left() []string {
	return slices.DeleteFunc(overrideNames(false), func(name string) bool { return slices.Contains(overrideNames(true), name) })
}

// overrideNames are the keys of all overrides, or of those that count as labels, too.
func overrideNames(labels bool) []string {
	var names []string
	for _, o := range override.All() {
		if o.Label || !labels {
			names = append(names, o.Name)
		}
	}
	slices.Sort(names)
	return names
}

// overridesOK is an expression that holds where every override is understood, and is accepted or asks for what the pod has
// anyway.
func (in *installation) overridesOK() string {
	ids := each(idKeys, func(id idKey) string {
		return say(" &&\n"+`("<field>" in variables.askedIDs || <wants>.optMap(v, <same>).orValue(true))`, "wants", wants(id.key), "field", id.field, "same", sameID(id.field))
	})
	return say(`<names>.all(n, variables.annotations[?n].or(variables.labels[?n]) == variables.asks[?n]) &&
variables.annotations.all(k, !k.lowerAscii().startsWith("polymoat.io/") || k in <all>) &&
variables.labels.all(k, !k.lowerAscii().startsWith("polymoat.io/") || k in <plain>) &&
<role>.optMap(r, r == variables.role || r == variables.ownRole).orValue(true) &&
(variables.askedPool.hasValue() || <pool>.optMap(v, v in variables.pools && variables.mine.exists(p, p.label == variables.pools[v].label) &&
variables.selector[?variables.pools[v].key] == optional.of(variables.pools[v].value)).orValue(true)) &&
(variables.shadowed || <written>)`,
		"names", lit(overrideNames(true)), "all", lit(overrideNames(false)), "plain", lit(overrideNames(true)), "role", wants("polymoat.io/role"), "pool", wants("polymoat.io/node-pool"), "written", written()) + ids
}
