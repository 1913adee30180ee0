package native

// Overrides with JSON values are not honoured here: CEL reads no JSON. The webhook honours them, and leaves no mark that
// tenants could not write themselves. So the pod tells: where it has what such an override asks for, it was given that, or
// asked for it itself. Values with escapes are not understood.

const (
	jsonString   = `"[^"\\{}]*"`
	jsonPair     = jsonString + `\s*:\s*` + jsonString
	jsonSeconds  = `"tolerationSeconds"\s*:\s*-?[0-9]+`
	jsonField    = `("(key|operator|value|effect)"\s*:\s*` + jsonString + `|` + jsonSeconds + `)`
	jsonObject   = `\{\s*` + jsonField + `(\s*,\s*` + jsonField + `)*\s*\}`
	jsonSelector = `^\s*\{\s*` + jsonPair + `(\s*,\s*` + jsonPair + `)*\s*\}\s*$`
	jsonList     = `^\s*\[\s*` + jsonObject + `(\s*,\s*` + jsonObject + `)*\s*\]\s*$`
)

// written is an expression that holds where the pod has what its overrides with JSON values ask for.
func written() string {
	return say(`variables.annotations[?"polymoat.io/node-selector"].optMap(v, v.matches(<selector>) &&
v.findAll(<pair>).map(p, p.split("\"")).all(p, variables.selector[?p[1]] == optional.of(p[3]))).orValue(true) &&
variables.annotations[?"polymoat.io/tolerations"].optMap(v, v.matches(<list>) &&
v.findAll(<object>).all(o, [o.findAll(<pair>).map(p, p.split("\""))].all(f, object.spec.?tolerations.orValue([]).exists(t,
t.?key.orValue("") == f.filter(p, p[1] == "key").map(p, p[3])[?0].orValue("") &&
t.?operator.orValue("") == f.filter(p, p[1] == "operator").map(p, p[3])[?0].orValue("") &&
t.?value.orValue("") == f.filter(p, p[1] == "value").map(p, p[3])[?0].orValue("") &&
t.?effect.orValue("") == f.filter(p, p[1] == "effect").map(p, p[3])[?0].orValue("") &&
o.findAll(<seconds>).map(s, s.split(":")[1].trim())[?0].orValue("") == (has(t.tolerationSeconds) ? string(t.tolerationSeconds) : ""))))).orValue(true)`,
		"selector", raw(jsonSelector), "pair", raw(jsonPair), "list", raw(jsonList), "object", raw(jsonObject), "seconds", raw(jsonSeconds))
}
