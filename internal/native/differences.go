package native

// Likeness says how the twin decides by a rule.
type Likeness string

// The kinds of likeness. The twin is never looser where a rule keeps core safe, but for what cannot be seen without looking
// up other objects.
const (
	Same     Likeness = "same"      // as the webhook does
	Stricter Likeness = "stricter"  // it refuses more
	NotThere Likeness = "not there" // it is left to the webhook
)

// Difference is what the twin does otherwise by a rule or by a part of mutation, and why.
type Difference struct {
	Rule string   `json:"rule"`
	Is   Likeness `json:"is"`
	Why  string   `json:"why,omitempty"`
}

// Differences are those of every policy, in the order of the rules. A rule without any is listed as the same.
var Differences = []Difference{
	{"core-claim", Stricter, "a ControllerRevision may be written only by the controllers of StatefulSets and DaemonSets, and by those trusted with core"},
	{"core-claim", Stricter, "the pod of a static pod may not claim core, on whichever node"},
	{"core-claim", NotThere, "labels that only the selector of a live workload makes core's: CEL cannot look workloads up"},
	{"core-claim", NotThere, "pods of a StatefulSet or DaemonSet are not held against its live template; what enters its templates and revisions is"},
	{"core-nodes", Stricter, "required node affinity that compares numbers (Gt, Lt) of more than 18 digits, or beside NotIn, is refused"},
	{"core-nodes", Stricter, "in shadow the pod is judged as it is, not as it would have been placed"},
	{"node-name", Same, ""},
	{"node-pool", Stricter, "required node affinity that compares numbers (Gt, Lt) of more than 18 digits, or beside NotIn, is refused"},
	{"node-pool", Stricter, "in shadow the pod is judged as it is, not as it would have been placed"},
	{"scheduler-name", Same, ""},
	{"runtime-class", Same, ""},
	{"priority-class", NotThere, "the values of PriorityClasses, and PodGroups: CEL cannot look them up. The classes that a role lists count"},
	{"core-priority", NotThere, "a core pod is given no PriorityClass: CEL cannot look up whether it exists"},
	{"scheduling-group", Stricter, "a pod of a group is refused unless its role allows groups: CEL cannot look priorities up"},
	{"displacement", NotThere, "which core pod would go: CEL cannot look pods up"},
	{"pod-affinity", Same, ""},
	{"core-debug", Stricter, "the pool of the pod's node is not known: every pod counts that its selectors and tolerations let onto a protected node"},
	{"pod-status", Stricter, "the pool of a nominated node is not known: every nomination counts"},
	{"service-account", NotThere, "accounts under which live workloads of core run: CEL cannot look workloads up"},
	{"run-as-root", NotThere, "pods in shadow"},
	{"run-as-root-group", NotThere, "pods in shadow"},
	{"pod-security", NotThere, "pods in shadow"},
	{"hardening", NotThere, "of roles whose own security contexts grant something: user 0, privileged, added capabilities, another procMount"},
	{"binding", Same, ""},
	{"overrides", Stricter, "node-selector and tolerations are refused unless the pod has what they ask for, word for word: CEL reads no JSON"},
	{"overrides", NotThere, "those that stand on the resource that a pod is made of"},
	{"updates", Stricter, "an update that changes what a rule looks at is judged as a whole, also for what was wrong before"},
	{"modes", Stricter, "for Bindings and pod templates the strictest mode of all namespaces and roles counts"},
	{"exceptions", Stricter, "they hold for new pods only: an update does not tell the day"},
	{"large pods", Stricter, "a pod that costs more to judge than the API server allows is refused: hundreds of requirements with hundreds of values"},
	{"answers", NotThere, "warnings, events, metrics, early answers to workloads, a node as a witness; a message is the same for all pods"},
}
