package policy

import (
	"cmp"
	"slices"

	"github.com/polymoat/polymoat/internal/landing"
)

// Rule is one reason to refuse a pod. Its ID is permanent: metrics, policies and tests name it. Doc continues the words
// "the rule refuses", in Markdown: "`spec.nodeName`, but from the scheduler".
type Rule struct {
	ID, Doc string
	Check   func(View) []Violation
}

// ruleCoreClaim is the rule that RBAC can lift.
const ruleCoreClaim = "core-claim"

// Rules are all rules, in the order in which their violations are told: whether the pod is what it says, where it would
// run, then as what.
var Rules = []Rule{
	{ruleCoreClaim, "a pod, or the pod template of a workload, that claims to be Polyaxon itself, from whoever is not trusted " +
		"with that", coreClaim},
	{"core-nodes", "a pod that could land on a protected pool its role may not use. Decided with the scheduler's own functions " +
		"for every node that the pool's description allows; the refusal names such a node", coreNodes},
	{"node-name", "`spec.nodeName`, but from the scheduler, the DaemonSet controller and `nodeNameUsers`", nodeName},
	{"node-pool", "a selector or affinity for a pool that the role may not have. `helpers` are moved instead: Polyaxon sends " +
		"its own cleaner to core nodes", nodePool},
	{"scheduler-name", "a scheduler that the role's `schedulerNames` do not list; without a list the field is free", schedulerName},
	{"runtime-class", "a RuntimeClass that the role's `runtimeClassNames` do not list; without a list the field is free", runtimeClass},
	{"priority-class", "a PriorityClass that the role's `priorityClassNames` do not list; without a list the field is free", priorityClass},
	{"pod-affinity", "required pod anti-affinity that is wider than one node (`kubernetes.io/hostname`) or reaches into other " +
		"namespaces: it could keep core pods from being scheduled", podAffinity},
	{"core-debug", "ephemeral containers in core pods (`kubectl debug`), but from those whom `debugUsers` or `coreTrust` name; " +
		"elsewhere they are hardened like the rest of the pod", coreDebug},
	{"run-as-root", "uid 0, or a user left to the image, in a role held to the restricted standard", runAsRoot},
	{"pod-security", "what the Pod Security Standard of the role refuses: restricted; baseline for `builds` and `other`; nothing " +
		"for `core`", podSecurity},
}

// View is all that a rule sees: the request, and what was found out about the pod. It is read-only.
type View struct {
	Request
	*subject
	protected []*pool // protected pools of all policies
}

// constraints are what the pod says about its node.
func (v View) constraints() landing.Constraints { return landing.Of(&v.Pod.Spec) }

// check runs every rule and returns what they found, by rule and then by field.
// It stops where that takes too much work.
func check(v View) []Violation {
	var all []Violation
	each := size(v.Pod)
	v.steps.take(2 * v.constraints().Size() * (len(v.protected) + len(v.pools)))
	for _, rule := range Rules {
		if !v.steps.take(each) {
			return all
		}
		found := rule.Check(v)
		for i := range found {
			found[i].Rule = rule.ID
		}
		slices.SortStableFunc(found, func(a, b Violation) int { return cmp.Compare(a.Field.String(), b.Field.String()) })
		all = append(all, found...)
	}
	return all
}
