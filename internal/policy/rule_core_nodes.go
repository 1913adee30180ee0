package policy

import (
	"cmp"
	"fmt"
	"strings"

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
	fix := v.keepOff(p)
	found := Violation{Field: pathNodeSelector, Detail: "leaves protected nodes open", Fix: fix}
	if v.selects(p) {
		found.Field, found.Detail, found.Selector = pathNodeSelector.Key(p.Key), "asks for protected nodes", p.Key
		found.Fix = strings.Replace(found.Fix, found.Field.String(), "it", 1)
	}
	found.Evidence = "it could run on " + witness.In(p.Name)
	if name := v.Pod.Spec.NodeName; name != "" {
		found.Field, found.Fix = pathNodeName, "remove it and "+fix
		found.Detail = fmt.Sprintf("is %q, which may be a protected node", short(name))
		return found
	}
	for i := range p.Taints {
		t := &p.Taints[i]
		if at := landing.Tolerating(v.Pod.Spec.Tolerations, t); at >= 0 && landing.Repels(t) {
			found.Field, found.Fix = pathTolerations.Index(at), fix
			if !v.selects(p) { // else it would ask for nodes that its role may not use
				found.Fix = "drop the toleration or " + fix
			}
			found.Detail = "lets the pod run on protected nodes"
			break
		}
	}
	return found
}

// selects says whether the pod's nodeSelector asks for the pool.
func (v View) selects(p *pool) bool {
	value, ok := v.Pod.Spec.NodeSelector[p.Key]
	return ok && value == p.Value
}

// keepOff says how the pod stays off the pool: by the pool that its override or its role gives it, else by an affinity.
func (v View) keepOff(p *pool) string {
	pools, _ := v.targets()
	for _, own := range pools {
		if own.Key == p.Key {
			return fmt.Sprintf("set %s to %q", pathNodeSelector.Key(own.Key), own.Value)
		}
	}
	if v.selects(p) {
		return fmt.Sprintf("remove %s", pathNodeSelector.Key(p.Key))
	}
	return fmt.Sprintf("add a required node affinity %s NotIn [%s]", p.Key, cmp.Or(p.Value, `""`))
}
