package policy

import (
	"cmp"
	"fmt"

	"github.com/polymoat/polymoat/internal/landing"
)

// A protected pool keeps Polyaxon alive: its API, its database, its queue. Whatever else lands there competes with
// them for memory and disk, and one run that goes wrong takes Polyaxon down with all other runs.
//
// Refused is a pod for which some node of a protected pool exists, or could exist, to which the scheduler would bind
// it; the answer names such a node. Looked at are spec.nodeSelector, the required terms of
// spec.affinity.nodeAffinity, spec.tolerations and spec.nodeName, as the scheduler's own functions read them, and where
// the node is named already, as its kubelet does. Mutate seals most pods that nothing keeps off: what is left here asks
// for such nodes, or came without being mutated.
func coreNodes(v View) []Violation {
	var found []Violation
	asks := v.constraints()
	for _, p := range v.protected {
		if v.mayUse(p) {
			continue
		}
		if witness, ok := lands(asks, v.Node, p); ok {
			violation := v.landing(p, witness)
			violation.Fix += v.mayAsk()
			shown := witness // a pod that lands nowhere, as most do, costs no allocation
			violation.Witness = &shown
			found = append(found, violation)
		}
	}
	return found
}

// landing words the violation: the name of the node, or the toleration that lets the pod in, else the selector that is
// missing.
func (v View) landing(p *pool, witness landing.Node) Violation {
	label := p.Key + "=" + p.Value
	open := fmt.Sprintf("nothing keeps the pod off nodes labelled %s", label)
	if value, ok := v.Pod.Spec.NodeSelector[p.Key]; ok && value == p.Value {
		open = fmt.Sprintf("%s asks for nodes labelled %s", pathNodeSelector.Key(p.Key), label)
	}
	found := Violation{
		Field:  pathNodeSelector,
		Detail: fmt.Sprintf("leaves a protected pool open, because %s: it could run on %s", open, witness.In(p.Name)),
		Fix:    v.keepOff(p),
	}
	if name := v.Pod.Spec.NodeName; name != "" {
		found.Field, found.Fix = pathNodeName, "remove it and "+found.Fix
		found.Detail = fmt.Sprintf("is %q, which may be a protected node, and %s: it could run on %s", short(name), open, witness.In(p.Name))
		return found
	}
	for i := range p.Taints {
		t := &p.Taints[i]
		if at := landing.Tolerating(v.Pod.Spec.Tolerations, t); at >= 0 && landing.Repels(t) {
			found.Field, found.Fix = pathTolerations.Index(at), "drop the toleration or "+found.Fix
			found.Detail = fmt.Sprintf("tolerates %q and %s: it could run on %s", t.ToString(), open, witness.In(p.Name))
			break
		}
	}
	return found
}

// keepOff says how the pod stays off the pool: by the pool that its override or its role gives it, else by an affinity.
func (v View) keepOff(p *pool) string {
	pools, _ := v.targets()
	for _, own := range pools {
		if own.Key == p.Key {
			return fmt.Sprintf("set %s to %q", pathNodeSelector.Key(own.Key), own.Value)
		}
	}
	return fmt.Sprintf("add a required node affinity %s NotIn [%s]", p.Key, cmp.Or(p.Value, `""`))
}
