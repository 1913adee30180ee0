package cli

import "github.com/polymoat/polymoat/internal/policy"

// outcome is what becomes of one pod under a new policy: a line of preview's JSON. Its fields are a promise to programs:
// they are only ever added to.
type outcome struct {
	Effect    effect        `json:"effect"`
	Namespace string        `json:"namespace"`
	Pod       string        `json:"pod"`
	Owner     string        `json:"owner"` // "deployment.apps/web"; of a pod without an owner "pod/web"
	Old       policyOutcome `json:"old"`
	New       policyOutcome `json:"new"`
	Changes   []difference  `json:"changes"` // of what the old policy would store to what the new one would
}

// policyOutcome is what one policy makes of a pod.
type policyOutcome struct {
	Policy     string      `json:"policy,omitempty"` // empty: none governs the namespace
	Role       string      `json:"role,omitempty"`
	NodePool   string      `json:"nodePool,omitempty"` // empty: not sent to any
	Verdict    string      `json:"verdict"`            // Allowed, Denied or OutOfScope
	Sentence   string      `json:"sentence,omitempty"` // what its user reads where it is Denied
	Violations []violation `json:"violations"`
	Warnings   []string    `json:"warnings"`
}

// difference is a field that the two policies set differently. Old or New is nil where the field would not be there.
type difference struct {
	Path   string        `json:"path"`
	Old    any           `json:"old"`
	New    any           `json:"new"`
	Source policy.Source `json:"source"`
}

// effect is the most important of what becomes of a pod.
type effect string

// The effects.
const (
	refused          effect = "refused"
	refusedOtherwise effect = "refused-otherwise" // refused by both policies, for other reasons
	unschedulable    effect = "unschedulable"     // no live node would take it, and one does now
	moved            effect = "moved"             // to another node pool
	changed          effect = "changed"           // in other fields, or in its role
	allowed          effect = "allowed"           // refused by the policy in force
	governed         effect = "governed"          // comes under polymoat
	released         effect = "released"          // is governed no longer
	warned           effect = "warned"            // is stored as before, with a warning that is new
)

// effects are all effects, in the order in which text shows them.
var effects = []struct {
	effect
	heading, summary string
}{
	{refused, "Would be refused", "refused"},
	{unschedulable, "Would find no node among those that are there now", "without a node"},
	{moved, "Would run on another node pool", "moved"},
	{changed, "Would be changed", "changed"},
	{governed, "Would come under polymoat", "newly governed"},
	{released, "Would be governed no longer", "no longer governed"},
	{allowed, "Would be refused no longer", "no longer refused"},
	{refusedOtherwise, "Are refused already, and would be for other reasons", "refused for other reasons"},
	{warned, "Would get a new warning", "warned"},
}
