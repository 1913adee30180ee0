package policy

import (
	"cmp"
	"slices"

	"github.com/polymoat/polymoat/internal/landing"
)

// Rule is one reason to refuse a pod. Its ID is permanent: metrics, policies and tests name it.
type Rule struct {
	ID, Doc string
	Check   func(View) []Violation
}

// ruleCoreClaim is the rule that RBAC can lift.
const ruleCoreClaim = "core-claim"

// Rules are all rules, in the order in which their violations are told: whether the pod is what it says, where it would
// run, then as what.
var Rules = []Rule{
	{ruleCoreClaim, "The pod claims to be Polyaxon itself, and whoever asks is not trusted with that.", coreClaim},
	{"core-nodes", "The pod could land on a protected node pool that its role may not use.", coreNodes},
	{"node-name", "The pod names its node and so passes by the scheduler.", nodeName},
	{"node-pool", "The pod asks for a node pool that its role may not have.", nodePool},
	{"scheduler-name", "The pod names a scheduler that its role does not list.", schedulerName},
	{"runtime-class", "The pod names a RuntimeClass that its role does not list.", runtimeClass},
	{"priority-class", "The pod names a PriorityClass that its role does not list.", priorityClass},
	{"pod-affinity", "The pod's anti-affinity could keep core pods from being scheduled.", podAffinity},
	{"core-debug", "A container is added to a core pod for debugging.", coreDebug},
	{"run-as-root", "A container would run as root, or may, in a role that refuses root.", runAsRoot},
	{"pod-security", "The pod violates the Pod Security Standard of its role.", podSecurity},
}

// View is all that a rule sees: the request, and what was found out about the pod. It is read-only.
type View struct {
	Request
	*subject
	protected []*pool // protected pools of all policies
}

// forbidden are the protected pools that the pod may not use.
func (v View) forbidden() []*pool {
	var pools []*pool
	for _, p := range v.protected {
		if !v.mayUse(p) {
			pools = append(pools, p)
		}
	}
	return pools
}

// constraints are what the pod says about its node.
func (v View) constraints() landing.Constraints { return landing.Of(&v.Pod.Spec) }

// check runs every rule and returns what they found, by rule and then by field.
func check(v View) []Violation {
	var all []Violation
	for _, rule := range Rules {
		found := rule.Check(v)
		for i := range found {
			found[i].Rule = rule.ID
		}
		slices.SortStableFunc(found, func(a, b Violation) int { return cmp.Compare(a.Field.String(), b.Field.String()) })
		all = append(all, found...)
	}
	return all
}
