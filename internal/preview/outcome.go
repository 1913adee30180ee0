package preview

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/polymoat/polymoat/internal/explain"
	"github.com/polymoat/polymoat/internal/policy"
)

// Outcome is what becomes of one pod under a new policy: a line of preview's JSON. Its fields are a promise to programs:
// they are only ever added to.
type Outcome struct {
	Effect    Effect        `json:"effect"`
	Namespace string        `json:"namespace"`
	Pod       string        `json:"pod"`
	Owner     string        `json:"owner"` // "deployment.apps/web"; of a pod without an owner "pod/web"
	Old       PolicyOutcome `json:"old"`
	New       PolicyOutcome `json:"new"`
	Changes   []Difference  `json:"changes"` // of what the old policy would store to what the new one would
}

// PolicyOutcome is what one policy makes of a pod.
type PolicyOutcome struct {
	Policy     string              `json:"policy,omitempty"` // empty: none governs the namespace
	Role       string              `json:"role,omitempty"`
	NodePool   string              `json:"nodePool,omitempty"` // empty: not sent to any
	Verdict    string              `json:"verdict"`            // Allowed, Denied or OutOfScope
	Sentence   string              `json:"sentence,omitempty"` // what its user reads where it is Denied
	Violations []explain.Violation `json:"violations"`
	Warnings   []string            `json:"warnings"`
}

// Difference is a field that the two policies set differently. Old or New is nil where the field would not be there.
type Difference struct {
	Path   string        `json:"path"`
	Old    any           `json:"old"`
	New    any           `json:"new"`
	Source policy.Source `json:"source"`
}

// Effect is the most important of what becomes of a pod.
type Effect string

// The effects.
const (
	Refused          Effect = "refused"
	RefusedOtherwise Effect = "refused-otherwise" // refused by both policies, for other reasons
	Unschedulable    Effect = "unschedulable"     // no live node would take it, and one does now
	Moved            Effect = "moved"             // to another node pool
	Changed          Effect = "changed"           // in other fields, or in its role
	Allowed          Effect = "allowed"           // refused by the policy in force
	Governed         Effect = "governed"          // comes under polymoat
	Released         Effect = "released"          // is governed no longer
	Warned           Effect = "warned"            // is stored as before, with a warning that is new
)

// differences are the fields that one policy sets and the other does not, or to something else. Both began with the same
// pod: what neither changes is the same.
func differences(was, is []policy.Change) []Difference {
	var found []Difference
	for _, old := range was {
		if !slices.ContainsFunc(is, func(c policy.Change) bool { return c.Path == old.Path }) {
			found = append(found, Difference{Path: old.Path, Old: old.New, New: old.Old, Source: old.Source})
		}
	}
	for _, c := range is {
		i := slices.IndexFunc(was, func(old policy.Change) bool { return old.Path == c.Path })
		if i < 0 {
			found = append(found, Difference{Path: c.Path, Old: c.Old, New: c.New, Source: c.Source})
		} else if !equality.Semantic.DeepEqual(was[i].New, c.New) {
			found = append(found, Difference{Path: c.Path, Old: was[i].New, New: c.New, Source: c.Source})
		}
	}
	slices.SortStableFunc(found, func(a, b Difference) int { return cmp.Compare(a.Path, b.Path) })
	return found
}
