package policy

import (
	"fmt"
	"slices"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/override"
)

// A role lists the pools that it may use. A pod may ask for any of them; asking for another one is refused rather than
// ignored, because a run that waits forever on a node that it will not get helps nobody.
//
// Refused is a selector or a required affinity that leaves the pod no node in any pool of its role, and for a role
// without pools one that leaves it protected nodes only. Taints are not looked at: they are added with the pool.
func nodePool(v View) []Violation {
	pools := v.pools
	if len(pools) == 0 {
		pools = []*pool{v.in.free}
	}
	c := v.constraints()
	if leaves(c, pools) {
		return nil
	}
	if key := v.in.elsewhere(v.Pod, pools); key != "" {
		value := v.Pod.Spec.NodeSelector[key]
		return []Violation{{Field: pathNodeSelector.Key(key), Detail: v.asks(key, value), Fix: v.insteadOf(key, value), Selector: key}}
	}
	found := Violation{
		Field:  pathRequired,
		Detail: fmt.Sprintf("can hold on no node of %s", v.poolNames()),
		Fix:    "remove the requirement that rules them out",
	}
	if !leaves(landing.Constraints{NodeName: c.NodeName, NodeSelector: c.NodeSelector}, pools) {
		found.Field = pathNodeSelector
	}
	if len(v.pools) == 0 {
		found.Detail = "can hold on no node outside protected node pools"
	}
	return []Violation{found}
}

// asks says what the value of a pool's label asks for.
func (v View) asks(key, value string) string {
	for _, p := range v.in.known {
		if p.Key == key && p.Value == value {
			return fmt.Sprintf("asks for node pool %q, which role %q may not use", p.Name, v.role.name)
		}
	}
	return fmt.Sprintf("asks for %q, which is the label of no node pool", value)
}

// insteadOf offers the values that the role may have, and what an override may ask for.
func (v View) insteadOf(key, value string) string {
	var values []string
	for _, p := range v.pools {
		if p.Key == key {
			values = append(values, p.Value)
		}
	}
	fix := "remove it"
	if len(values) > 0 {
		fix = "remove it or set it to " + either(values)
	}
	for _, name := range v.askable() {
		if p := v.in.pool(name); p.Key == key && p.Value == value {
			return fmt.Sprintf("ask for it with annotation %snode-pool: %s, or %s", override.Prefix, name, fix)
		}
	}
	return fix + v.mayAsk()
}

// askable are the pools that the pod may ask for by an override, and has not anyway.
func (v View) askable() []string {
	if v.askedPool != nil || v.poolConflict {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(v.ownRole.bounds.NodePools), func(name string) bool { return v.mayUse(v.in.pool(name)) })
}

// mayAsk ends a remedy with the pools that an override may ask for, where there are any.
func (v View) mayAsk() string {
	if len(v.askable()) == 0 {
		return ""
	}
	return fmt.Sprintf("; annotation %snode-pool may ask for %s", override.Prefix, either(v.askable()))
}

// poolNames lists the role's pools: `node pool "experiments"`.
func (v View) poolNames() string {
	var names []string
	for _, p := range v.pools {
		names = append(names, p.Name)
	}
	if len(names) == 1 {
		return fmt.Sprintf("node pool %q", names[0])
	}
	return "the node pools " + v1alpha1.Quoted(names)
}
