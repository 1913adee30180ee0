// Package displacement answers one question: could the scheduler delete a core pod to make room for this one?
//
// It is settled in two steps. Preemption takes only pods whose priority is lower than the preemptor's, and none for a
// preemptor whose policy is Never: where core outranks a pod and its group, no preemption of core exists, whatever else
// the pod says (Preemptor.Spares). Where that order is missing, a pod by itself still takes victims only on the node that
// it is bound to, and landing keeps it off core's. The pods of a group take theirs in the whole cluster: Witness makes
// the nodes and the core pod that such a pod would displace.
//
// It is assumed that core runs on protected nodes, that no two nodes share the label kubernetes.io/hostname, and that no
// group of core's own pods has a lower priority than they have.
package displacement

// Preemptor is a pod, or a group of pods, as preemption looks at it.
type Preemptor struct {
	Priority int32
	Never    bool // preemptionPolicy: Never
}

// Spares says whether the preemptor takes no pod of that priority, whatever it asks for. Pods of equal priority are safe.
func (p Preemptor) Spares(priority int32) bool { return p.Never || p.Priority <= priority }
