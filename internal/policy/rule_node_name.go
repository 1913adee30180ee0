package policy

import (
	"fmt"
	"slices"
)

// A pod that is created with spec.nodeName never meets the scheduler: no taint is looked at, and the kubelet of that
// node runs it. Polyaxon copies environment.nodeName from a user's file, so no kubectl is needed.
//
// Refused is spec.nodeName set by anybody but kube-scheduler, the DaemonSet controller (for the pods of its DaemonSets)
// and the users that the policy names in spec.nodeNameUsers.
func nodeName(v View) []Violation {
	name := v.Pod.Spec.NodeName
	if v.Old != nil && v.Old.Spec.NodeName == name {
		return nil // the scheduler's doing, or an old one: whoever changes something else did not name it
	}
	if name == "" || v.daemon || v.User.Name == kubeScheduler || slices.Contains(v.in.nodeNameUsers, v.User.Name) {
		return nil
	}
	return []Violation{{
		Field:  pathNodeName,
		Detail: fmt.Sprintf("is %q, which bypasses the scheduler and every taint", short(name)),
		Fix:    "remove it" + v.orPool(),
	}}
}

// orPool offers the role's own way to choose nodes.
func (v View) orPool() string {
	if len(v.pools) == 0 {
		return " and let the scheduler choose"
	}
	p := v.pools[0]
	return fmt.Sprintf(" and let the scheduler choose among nodes labelled %s=%s", p.Key, p.Value)
}
