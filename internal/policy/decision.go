package policy

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// Request is one pod to decide on, with the facts that were gathered about it. It is read-only.
type Request struct {
	// Namespace is the namespace of the admission request: the pod's own may still be empty.
	Namespace string
	// User is who asks, as the API server authenticated it. The zero value is nobody that is trusted.
	User UserInfo
	// Subresource is the door through which the pod comes: "ephemeralcontainers"; empty for the pod itself.
	Subresource string
	// Pod is the pod to decide on; Old is what it was before, nil on CREATE.
	Pod, Old *corev1.Pod
	// Trust says what RBAC thinks of the user. It is worth asking for only where a decision ClaimsCore.
	Trust Trust
	// Owner is the resource of Polyaxon's that the pod was made of, for overrides that do not reach the pod; nil where
	// there is none or it is not known. It is worth looking for only where the policy NeedsOwner.
	Owner *polyaxon.Owner
	// Node is the node that spec.nodeName names; nil where it is not known.
	Node *landing.Node
	// Core are the live workloads of the namespace that are Polyaxon itself, not nil where there are none; nil where no
	// cluster is known.
	Core []CoreWorkload
	// Running says that the pod is there already, and is judged as it is: its owner must be core, whatever its kind.
	Running bool
	// Nominated is the node that status.nominatedNodeName names; nil where it is not known.
	Nominated *landing.Node
	// Brief says that nobody reads what Mutate changes: the decision lists no Changes, but in Shadow.
	Brief bool
	// Today is when it is asked: exceptions end. None holds on a day that is not known.
	Today v1alpha1.Day

	// Priorities are those of the cluster; nil where they are not known.
	Priorities *Priorities

	// Nodes are all live nodes, those together that a pod with these constraints cannot tell apart; nil where they are not
	// known. The constraints are those of the placed pod. Whoever creates a pod that no node takes is warned.
	Nodes func(landing.Constraints) iter.Seq[landing.Group]

	steps *steps
}

// EphemeralContainers is the subresource through which containers are added to a pod that runs (kubectl debug).
const EphemeralContainers = "ephemeralcontainers"

// Verdict is the one-word answer. The zero value refuses, so that a forgotten path fails closed.
type Verdict int

// The verdicts.
const (
	Denied     Verdict = iota
	Allowed            // the pod is as it should be, or will be after Changes
	OutOfScope         // not a pod of a governed namespace: not looked at
)

// String is the verdict as the plugin prints it and metrics label it.
func (v Verdict) String() string {
	switch v {
	case Allowed:
		return "Allowed"
	case OutOfScope:
		return "OutOfScope"
	default:
		return "Denied"
	}
}

// Decision is the complete outcome with its reasons.
type Decision struct {
	Verdict Verdict
	// Policy is the name of the policy that governs the namespace; empty when OutOfScope. Hash tells its text.
	Policy, Hash string
	// Resource is what was judged; empty for a pod.
	Resource schema.GroupResource
	// Role is the pod's role; empty when OutOfScope, and for a Binding. Why says which signal decided it.
	Role, Why string
	// Contact is where the policy has users ask; empty for nowhere.
	Contact string
	// Pool is the name of the node pool that the pod selects in the end; empty for none.
	Pool string
	// Pod is the placed copy; nil when nothing changed. It is read-only: it shares memory with the request's and the policy.
	Pod *corev1.Pod
	// Changes lists what Mutate changed, in the order of the pod's fields. In Shadow it is what Mutate would have
	// changed, and Pod is nil. None are listed of a Request that is Brief.
	Changes []Change
	Shadow  bool
	// Overrides are those that were accepted, and what came of them. Accepted are their names.
	Overrides, Accepted []string
	// Violations are all reasons to refuse, in the order of Rules, then by field.
	Violations []Violation
	// Warned and Audited are violations of rules that are not enforced here: they refuse nothing.
	Warned, Audited []Violation
	// Excused are violations that the exception of that name lifts.
	Excused   []Violation
	Exception string
	// Invalid are overrides that are malformed or out of bounds: the pod is not forbidden but wrong.
	Invalid field.ErrorList
	// Warnings are for whoever creates the pod; they never refuse.
	Warnings []string
	// TooLarge says what of the pod takes more work than a decision may: "spec.tolerations takes ...".
	// Then nothing was decided, and nothing else is told. It is empty in all other decisions.
	TooLarge string
	// Steps is how much work the decision took.
	Steps int
	// File is what the pod was made of, which has names of its own for the pod's fields.
	File polyaxon.File
}

// ClaimsCore says whether something was refused that may be granted to those who are Trusted with core.
func (d Decision) ClaimsCore() bool {
	return slices.ContainsFunc(d.found(), func(v Violation) bool {
		return v.Rule == ruleCoreClaim || v.Rule == rulePodStatus || d.Resource.Group == GroupAPI
	})
}

// Witness is the first protected node on which the pod would run, whatever the mode of the rule that found it; nil where
// there is none.
func (d Decision) Witness() *landing.Node {
	for _, v := range d.found() {
		if v.Witness != nil {
			return v.Witness
		}
	}
	return nil
}

// Change is one field that Mutate set. Old is nil where the field was not there.
type Change struct {
	Path   string `json:"path"` // spec.nodeSelector[polyaxon]
	Old    any    `json:"old"`
	New    any    `json:"new"`
	Source Source `json:"source"`
}

// Source says where a value that Mutate set comes from.
type Source string

// The sources.
const (
	FromPool       Source = "pool"       // the node pool's label or taints
	FromRole       Source = "role"       // the role's entry in the policy
	FromDefault    Source = "default"    // spec.defaults of the policy
	FromOverride   Source = "override"   // an annotation or label of the pod, or of its owner
	FromAnnotation Source = "annotation" // a deprecated annotation of the pod about its seccomp profile
	FromImage      Source = "image"      // the identity that the image of the main container was made for
	FromPolicy     Source = "policy"     // spec.corePriorityClassName of the policy
	FromSeal       Source = "seal"       // the required affinity that keeps the pod off a protected pool
)

// Violation is one reason to refuse.
type Violation struct {
	// Rule is the ID of the rule: "core-nodes".
	Rule string
	// Field is the place in the pod: spec.tolerations[1].
	Field *field.Path
	// Detail continues the field into a sentence and quotes the user's value. Fix says what to do instead. Evidence is how
	// it is known, where Detail does not say it.
	Detail, Fix, Evidence string
	// Witness is a protected node on which the pod would run; nil for other rules than core-nodes.
	Witness *landing.Node
	// More is how many more there are like it, which are not put into words.
	More int
	// Key tells the violation from others like it where Detail leaves something out; nobody reads it.
	Key string
	// Selector is the key of spec.nodeSelector that core-nodes or node-pool is about; empty for none.
	Selector string
}

// String is the violation as one clause: what is wrong, what to do, the rule, the evidence:
// `spec.nodeName is "core-1", which ...; remove it [node-name]`.
func (v Violation) String() string {
	text := fmt.Sprintf("%s %s; %s [%s]", v.Field, v.Detail, v.Fix, v.Rule)
	if v.Evidence != "" {
		text += ": " + v.Evidence
	}
	return text
}

// Proven is the detail with its evidence: `asks for protected nodes: it could run on node "core-1"`.
func (v Violation) Proven() string {
	if v.Evidence == "" {
		return v.Detail
	}
	return v.Detail + ": " + v.Evidence
}

// mostClauses bounds a refusal: a pod with hundreds of containers breaks a rule in each.
const mostClauses = 8

// longestClause bounds a detail, a remedy and a mistake in bytes: a detail may name every container of a pod.
const longestClause = 1024

// Sentence is what a refused user reads, all reasons at once, and where to ask. name is the pod's name, or its
// generateName. Fields of a run's pod are called as its author's file calls them. It is empty unless the verdict is Denied.
func (d Decision) Sentence(name string) string {
	if d.Verdict != Denied {
		return ""
	}
	subject := fmt.Sprintf("%s %q", cmp.Or(d.Resource.String(), "pods"), name)
	switch {
	case d.TooLarge != "":
		return subject + " is too large to be judged: " + d.TooLarge
	case len(d.Invalid) > 0:
		subject += " is invalid"
	case d.Role != "":
		subject += fmt.Sprintf(" of role %q", d.Role)
	}
	return subject + ": " + d.File.Names(d.reasons()) + d.questions()
}

// questions ends a refusal with the policy's contact, where it has one.
func (d Decision) questions() string {
	if d.Contact == "" {
		return ""
	}
	return ". Questions: " + d.Contact
}

// reasons are all reasons to refuse: `spec.nodeName is "core-1", ...; remove it [node-name]. Also: ...`.
func (d Decision) reasons() string {
	told := d.told()
	var clauses []string
	for _, e := range d.Invalid[:min(len(d.Invalid), mostClauses)] {
		clauses = append(clauses, clip(e.Error(), longestClause))
	}
	for _, v := range told[:min(len(told), mostClauses-len(clauses))] {
		clauses = append(clauses, v.String())
	}
	if more := len(d.Invalid) + len(told) + uncounted(told) - len(clauses); more > 0 {
		clauses = append(clauses, left(more, "reason"))
	}
	return strings.Join(clauses, ". Also: ")
}

// told are the violations without those that only repeat another: by the selector that asks for a pool of another role, a
// pod could land on core's nodes, and that was told.
func (d Decision) told() []Violation {
	return slices.DeleteFunc(slices.Clone(d.Violations), func(v Violation) bool {
		return v.Witness == nil && v.Selector != "" && slices.ContainsFunc(d.Violations, func(o Violation) bool {
			return o.Witness != nil && o.Selector == v.Selector
		})
	})
}
