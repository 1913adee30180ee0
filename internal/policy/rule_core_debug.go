package policy

import (
	"fmt"
	"slices"
)

// An ephemeral container (kubectl debug) joins a pod that runs: it needs no placement, and sees what the pod sees. In a
// core pod it is anybody's program on a core node, next to Polyaxon's secrets.
//
// Refused are ephemeral containers, added by anybody but those that spec.debugUsers or spec.coreTrust name, in pods of a
// role that may use a protected pool, and in pods that run on a protected node or, where the node is not known, may run
// on one.
func coreDebug(v View) []Violation {
	named := slices.Contains(v.in.debugUsers, v.User.Name) || v.in.trusts(v.User, v.Namespace)
	if len(v.Pod.Spec.EphemeralContainers) == 0 || named {
		return nil
	}
	where := v.onCore()
	if where == "" {
		return nil
	}
	var found findings
	for c := range containers(&v.Pod.Spec) {
		if c.ephemeral {
			found.add(func() Violation {
				return Violation{
					Field:  c.path(),
					Detail: fmt.Sprintf("is container %q in a pod %s, where only those that the policy names may add one", short(c.Name), where),
					Fix:    "have the user listed in its debugUsers",
				}
			})
		}
	}
	return found
}

// onCore says in which way the pod belongs to the core nodes, empty where it does not.
func (v View) onCore() string {
	if slices.ContainsFunc(v.protected, v.role.mayUse) {
		return fmt.Sprintf("of role %q", v.role.name)
	}
	name := v.Pod.Spec.NodeName
	for _, p := range v.protected {
		known := v.Node != nil && v.Node.Name == name
		if known && p.has(v.Node) {
			return fmt.Sprintf("on protected node %q", short(name))
		}
		if _, ok := lands(v.constraints(), v.Node, p); name != "" && !known && ok {
			return fmt.Sprintf("on node %q, which may be a protected one", short(name))
		}
	}
	return ""
}
