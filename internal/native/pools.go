package native

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// A set of nodes is described by a map: "has" are the labels that every one of them carries, "lacks" those that none does,
// as "key=value", and "bare" the keys that none of them carries.

// pool is a node pool as the expressions know it.
type pool struct {
	Name      string         `json:"name"`
	Key       string         `json:"key"`
	Value     string         `json:"value"`
	Label     string         `json:"label"`
	Lacks     []string       `json:"lacks"` // the labels of all other pools with another key
	Taints    []corev1.Taint `json:"taints"`
	Resources []string       `json:"resources"`
}

func (in *installation) described(p v1alpha1.NodePool) pool {
	d := pool{p.Name, p.NodeLabel.Key, p.NodeLabel.Value, label(p), []string{}, []corev1.Taint{}, []string{}}
	for _, o := range in.known {
		if o.NodeLabel.Key != p.NodeLabel.Key {
			d.Lacks = append(d.Lacks, label(o))
		}
	}
	d.Taints, d.Resources = append(d.Taints, p.Taints...), append(d.Resources, p.Resources...)
	return d
}

// byName are all pools of the policy.
func (in *installation) byName() map[string]pool {
	pools := map[string]pool{}
	for _, p := range in.Spec.NodePools {
		pools[p.Name] = in.described(p)
	}
	return pools
}

// asks are the pod's own words on nodes, in a form that can be compared and sent.
func asks() []variable {
	return []variable{
		{"selector", "the labels of nodes that it selects", `object.spec.?nodeSelector.orValue({})`},
		{"terms", "the terms of its required node affinity", `object.spec.?affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.orValue([]).map(t,
{"expressions": t.?matchExpressions.orValue([]).map(r, {"key": dyn(r.key), "operator": dyn(r.operator), "values": dyn(r.?values.orValue([]).map(v, v))}),
"fields": t.?matchFields.orValue([]).map(r, {"key": dyn(r.key), "operator": dyn(r.operator), "values": dyn(r.?values.orValue([]).map(v, v))})})`},
		{"tolerations", "what it tolerates", `object.spec.?tolerations.orValue([]).map(t, {"key": dyn(t.?key.orValue("")), "operator": dyn(t.?operator.orValue("")),
"value": dyn(t.?value.orValue("")), "effect": dyn(t.?effect.orValue("")), "seconds": dyn(has(t.tolerationSeconds))})`},
		{"nodeName", "the node that it names", `object.spec.?nodeName.orValue("")`},
		{"numbers", "whether it compares labels with numbers in a way that cannot be followed here", numbers("variables.selector", "variables.terms")},
	}
}

// numbers is an expression that holds for requirements Gt and Lt that possible cannot decide.
func numbers(selector, terms string) string {
	return say(`<terms>.exists(t, t.expressions.exists(r, r.operator in ["Gt", "Lt"] && (r.values.size() != 1 || !r.values[0].matches(<number>) ||
<selector>[?r.key].orValue("").size() > 18 ||
t.expressions.exists(q, q.key == r.key && (q.operator == "NotIn" || q.values.exists(v, v.size() > 18))))))`,
		"terms", terms, "selector", selector, "number", raw(`^[0-9]{1,18}$`))
}

// possible are those of a list of sets of nodes of which a node may meet the selector and the terms. It is what
// landing.Possible decides, taints aside: the keys of a term do not depend on each other, and each is fixed by the set or
// the selector, or free.
func possible(sets, selector, terms string) string {
	return say(`<sets>.filter(d,
<selector>.all(k, v, k in d.has ? d.has[k] == v : !(k + "=" + v in d.lacks) && !(k in d.bare)) &&
(<terms>.size() == 0 || <terms>.exists(t, t.expressions.size() + t.fields.size() > 0 &&
t.fields.all(f, f.key == "metadata.name" && (variables.nodeName != "" ? (f.operator == "In") == (variables.nodeName in f.values) :
  f.operator != "In" || f.values.exists(v, t.fields.all(g, (g.operator == "In") == (v in g.values))))) &&
t.expressions.all(r, d.has[?r.key].or(<selector>[?r.key]).hasValue() ? [d.has[?r.key].or(<selector>[?r.key]).value()].all(v, <rv>) :
  r.operator == "NotIn" || r.operator == "DoesNotExist" ||
  !(r.key in d.bare) && (r.operator == "In" ? r.values.exists(v, !(r.key + "=" + v in d.lacks) && t.expressions.all(q, q.key != r.key || <qv>)) :
  !t.expressions.exists(q, q.key == r.key && q.operator == "DoesNotExist") &&
  (r.operator == "Gt" ? t.expressions.all(q, q.key != r.key || q.operator != "Lt" || int(q.values[0]) - int(r.values[0]) > 1) :
  r.operator != "Lt" || int(r.values[0]) > 0))))))`,
		"sets", sets, "selector", selector, "terms", terms, "rv", holds("r"), "qv", holds("q"))
}

// holds is an expression that says whether a value v meets a requirement.
func holds(r string) string {
	return say(`(<r>.operator == "In" ? v in <r>.values : <r>.operator == "NotIn" ? !(v in <r>.values) : <r>.operator == "Exists" ? true :
<r>.operator == "DoesNotExist" ? false : v.matches(<number>) && (<r>.operator == "Gt" ? int(v) > int(<r>.values[0]) : int(v) < int(<r>.values[0])))`,
		"r", r, "number", raw(`^[0-9]{1,18}$`))
}

// choice are the variables that choose, of a list of pools, those on which a pod is placed, as policy.choose does. prefix
// tells the variables of one choice from those of another.
func choice(prefix, pools, selector, terms string) []variable {
	named := func(name string) string { return "variables." + prefix + name }
	return []variable{
		{prefix + "Bound", "the pools without which its own selectors leave it no node",
			say(`<pools>.filter(p, !<without>.exists(d, d.name == p.name))`, "pools", pools, "without",
				possible(say(`<pools>.map(p, {"name": dyn(p.name), "has": dyn({}), "lacks": dyn([p.label]), "bare": dyn([])})`, "pools", pools), selector, terms))},
		{prefix + "Order", "the pools, those first that it is bound to, then those whose label it asks for with any value",
			say(`<pools>.size() < 2 ? <pools> : [<keyless>].map(keyless, <bound> +
<pools>.filter(p, !(p in <bound>) && !keyless.exists(d, d.name == p.name)) + <pools>.filter(p, !(p in <bound>) && keyless.exists(d, d.name == p.name)))[0]`,
				"pools", pools, "bound", named("Bound"), "keyless",
				possible(say(`<pools>.map(p, {"name": dyn(p.name), "has": dyn({}), "lacks": dyn([]), "bare": dyn([p.key])})`, "pools", pools), selector, terms))},
		{prefix + "Fits", "the first of them on which its own selectors leave it a node that belongs to no other",
			say(`<possible>.map(d, <order>.filter(p, p.name == d.name)[0])[?0]`, "order", named("Order"), "possible",
				possible(say(`<order>.map(p, {"name": dyn(p.name), "has": dyn({p.key: p.value}), "lacks": dyn(p.lacks.filter(l, !<bound>.exists(b, b.label == l))), "bare": dyn([])})`,
					"order", named("Order"), "bound", named("Bound")), selector, terms))},
		{prefix + "Chosen", "the pools on which it is placed; none where its selectors leave it no node of them",
			say(`!<fits>.hasValue() ? [] : <fits>.value() in <bound> ? <bound> : <bound> + [<fits>.value()]`,
				"fits", named("Fits"), "bound", named("Bound"))},
	}
}

// free describes all nodes that are not protected.
func (in *installation) free() string {
	lacks := []string{}
	for _, p := range in.known {
		if p.Protected {
			lacks = append(lacks, label(p))
		}
	}
	return lit([]any{map[string]any{"name": "free", "has": map[string]string{}, "lacks": lacks, "bare": []string{}}})
}

// anywhere describes all nodes.
func anywhere() string {
	return lit([]any{map[string]any{"name": "any", "has": map[string]string{}, "lacks": []string{}, "bare": []string{}}})
}

// tolerated is an expression that says whether a toleration t tolerates a taint x.
const tolerated = `((t.effect == "" || t.effect == x.effect) && (t.key == "" || t.key == x.key) &&
(t.operator in ["", "Equal"] ? t.value == x.?value.orValue("") : t.operator == "Exists" || t.operator in ["Lt", "Gt"] &&
x.?value.orValue("").matches(r'^(0|-?[1-9][0-9]{0,17})$') && t.value.matches(r'^(0|-?[1-9][0-9]{0,17})$') &&
(t.operator == "Lt" ? int(x.value) < int(t.value) : int(x.value) > int(t.value))))`

// lands are those of the protected pools on a node of which the pod would run although it may not.
func (in *installation) lands(selector, terms, tolerations string) string {
	type set struct {
		Name   string            `json:"name"`
		Label  string            `json:"label"`
		Has    map[string]string `json:"has"`
		Lacks  []string          `json:"lacks"`
		Bare   []string          `json:"bare"`
		Taints []corev1.Taint    `json:"taints"`
	}
	list := []set{}
	for _, p := range in.protected {
		s := set{p.Name, label(p), map[string]string{p.NodeLabel.Key: p.NodeLabel.Value}, []string{}, []string{}, []corev1.Taint{}}
		for _, t := range p.Taints {
			if t.Effect != corev1.TaintEffectPreferNoSchedule {
				s.Taints = append(s.Taints, t)
			}
		}
		list = append(list, s)
	}
	return possible(say(`<list>.filter(d, !variables.mine.exists(p, p.label == d.label) &&
d.taints.all(x, variables.nodeName != "" && x.effect != "NoExecute" || <tolerations>.exists(t, <tolerated>)))`,
		"list", lit(list), "tolerations", tolerations, "tolerated", tolerated), selector, terms)
}

// served reorders pools: those first that serve the extended resources which the pod requests.
func (in *installation) served(pools string) string {
	if !in.hasResources() {
		return pools
	}
	return say(`[<pools>.map(p, p.resources).flatten().distinct().filter(r,
  (object.spec.containers + object.spec.?initContainers.orValue([])).exists(c,
  c.?resources.requests[?r].or(c.?resources.limits[?r]).optMap(q, quantity(string(q)).isGreaterThan(quantity("0"))).orValue(false)))].map(wanted,
!<pools>.exists(p, p.resources.size() > 0) ? <pools> :
<pools>.filter(p, wanted.all(r, r in p.resources) && (wanted.size() > 0 || p.resources.size() == 0)) +
<pools>.filter(p, !(wanted.all(r, r in p.resources) && (wanted.size() > 0 || p.resources.size() == 0))))[0]`, "pools", pools)
}

func (in *installation) hasResources() bool {
	for _, p := range in.Spec.NodePools {
		if len(p.Resources) > 0 {
			return true
		}
	}
	return false
}

func number(i int) string { return strconv.Itoa(i) }
