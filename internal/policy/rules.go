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

// The rules that RBAC can lift.
const (
	ruleCoreClaim = "core-claim"
	rulePodStatus = "pod-status"

	rulePriorityClass = "priority-class" // of a group
)

// Rules are all rules, in the order in which their violations are told: whether the pod is what it says, where it would
// run, then as what.
func Rules() []Rule { return slices.Clone(rules) }

var rules = []Rule{
	{ruleCoreClaim, "what claims to be Polyaxon itself, or has labels by which its Services and controllers find their pods, from " +
		"users who are not trusted with that. It judges pods, pod templates, labels of workloads, and ControllerRevisions", coreClaim},
	{"core-nodes", "a pod that could land on a protected pool its role may not use. Decided with the scheduler's own functions " +
		"for every node that the pool's description allows; the refusal names such a node", coreNodes},
	{"node-name", "`spec.nodeName`, but from the scheduler, the DaemonSet controller and `nodeNameUsers`", nodeName},
	{"node-pool", "a selector or affinity for a pool that the role may not have. `helpers` are moved instead: Polyaxon sends " +
		"its own cleaner to core nodes", nodePool},
	{"scheduler-name", "a scheduler that the role's `schedulerNames` do not list; without a list the field is free", schedulerName},
	{"runtime-class", "a RuntimeClass that the role's `runtimeClassNames` do not list; without a list the field is free", runtimeClass},
	{rulePriorityClass, "a PriorityClass that the role's `priorityClassNames` do not list, if there are any. For all but core, one whose " +
		"value is not below core's lowest priority, unless it has `preemptionPolicy: Never`. In a PodGroup, CompositePodGroup or Workload `Never` does not count", priorityClass},
	{"scheduling-group", "a pod of a group (`spec.schedulingGroup`), which may evict in the whole cluster, where core is not known to " +
		"outrank it; a role may allow them (`schedulingGroups: Allow`)", schedulingGroup},
	{"displacement", "in a pod of a group that core is not known to outrank: a topologySpreadConstraint, required pod affinity or " +
		"anti-affinity, or a claim that is met with core's pods gone. The refusal names such a core pod and both nodes. In any pod: " +
		"a claim that a StatefulSet of core makes for its own pods, or a ReadWriteOncePod claim that a core workload names", displaces},
	{"pod-affinity", "required pod anti-affinity that is wider than one node (`kubernetes.io/hostname`) or reaches into other " +
		"namespaces: it could keep core pods from being scheduled", podAffinity},
	{"core-debug", "ephemeral containers in core pods (`kubectl debug`), except from users that `debugUsers` or `coreTrust` name; " +
		"elsewhere they are hardened like the rest of the pod", coreDebug},
	{rulePodStatus, "in `pods/status`, a nomination to a protected or unknown node, except from kube-scheduler and `bindingUsers`. In " +
		"core pods also the phase, addresses, readiness and containers, except from the node's kubelet, Kubernetes' own controllers and " +
		"users who are trusted with core", podStatus},
	{"service-account", "a service account that the policy names, or under which core runs, for all but core; `default` is free", serviceAccount},
	{"run-as-root", "uid 0, or a user left to the image, in a role held to the restricted standard", runAsRoot},
	{"run-as-root-group", "group 0 (`runAsGroup`, `fsGroup`, `supplementalGroups`) in a role held to the restricted standard; a uid without " +
		"a group counts as group 0. Groups of an image's own `/etc/group` are out of reach without `supplementalGroupsPolicy: Strict`", runAsRootGroup},
	{"pod-security", "what the Pod Security Standard of the role refuses: restricted; baseline for `builds` and `other`; nothing " +
		"for `core`", podSecurity},
}

// coreGuards are the rules that judge a pod as new when its last scheduling gate is taken off. The others judge only
// what the update makes worse.
var coreGuards = []string{ruleCoreClaim, "core-nodes", "node-name", "node-pool", "service-account", "scheduling-group", "displacement"}

func (v Violation) guardsCore() bool { return slices.Contains(coreGuards, v.Rule) }

// View is all that a rule sees: the request, and what was found out about the pod. It is read-only.
type View struct {
	Request
	*subject
	rules     []Rule
	protected []*pool           // protected pools of all policies
	accounts  map[string]string // service accounts that any policy names: Policy.accounts
	coreRank  int32             // core's lowest priority, where Priorities are known
}

// constraints are what the pod says about its node.
func (v View) constraints() landing.Constraints { return landing.Of(&v.Pod.Spec) }

// check runs every rule and returns what they found, by rule and then by field.
// It stops where that takes too much work.
func check(v View) []Violation {
	var all []Violation
	each := size(v.Pod)
	v.steps.take(2 * v.searchSize(v.protected, v.Pod))
	for _, rule := range v.rules {
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
