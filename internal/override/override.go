// Package override reads what a pod asks for itself, by annotations and labels such as "polymoat.io/node-pool", and holds
// it against the bounds that the policy sets for the pod's role.
//
//	asks.go         what pod and owner carry, and what in our domain is no override
//	override.go     Read: each override of one list, in its order
//	set.go, id.go   inside the bounds and not against the pod's own spec, or what the pod has anyway
//
// What roles and node pools are only the policy knows: it is told of those that are asked for (Placer).
package override

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// Prefix is the domain of the annotations and labels that ask for something else than the role's placement.
const Prefix = "polymoat.io/"

// longest bounds a value in bytes: it is parsed on every request.
const longest = 1024

// Override is one thing that the pod of a run may ask for, inside the bounds that the policy sets for its role.
type Override struct {
	// Name is the annotation: "polymoat.io/node-pool". Doc says what it asks for, Example is a value.
	Name, Doc, Example string
	// Label says that a label of that name counts, too: Polyaxon drops annotations on many paths.
	Label bool
	// Bounds is what a role accepts, for people: "gpu, builds", "1000 to 1999". Empty where it accepts none.
	Bounds func(*v1alpha1.Overrides) string
	// set reads a value into what is asked for. The error continues the sentence that names the value.
	set func(value string, a *Asked) error
	// anyway is what to say of a value that the pod has already, whatever the bounds are; empty of any other.
	anyway func(value string, a *Asked) string
}

// overrides are in the order in which they are read: the role decides what the node pool may be.
var overrides = []Override{
	{"polymoat.io/role", "the node pools of another role; the stricter hardening of both holds", `notebooks`,
		true, func(o *v1alpha1.Overrides) string { return strings.Join(o.Roles, ", ") }, setRole, sameRole},
	{"polymoat.io/node-pool", "another node pool", `gpu`,
		true, func(o *v1alpha1.Overrides) string { return strings.Join(o.NodePools, ", ") }, setPool, samePool},
	{"polymoat.io/node-selector", "nodes with these labels", `{"disk":"ssd"}`,
		false, func(o *v1alpha1.Overrides) string { return anyOf(o.NodeSelectorKeys) }, setNodeSelector, sameNodeSelector},
	{"polymoat.io/tolerations", "nodes with these taints, too", `[{"key":"spot","operator":"Exists"}]`,
		false, func(o *v1alpha1.Overrides) string { return anyOf(o.TolerationKeys) }, setTolerations, sameTolerations},
	{"polymoat.io/run-as-user", "the uid of its processes", `1000`,
		true, runAsUser.accepted, runAsUser.set, runAsUser.same},
	{"polymoat.io/run-as-group", "the gid of its processes", `1000`,
		true, runAsGroup.accepted, runAsGroup.set, runAsGroup.same},
	{"polymoat.io/fs-group", "the group that owns its volumes", `1000`,
		true, fsGroup.accepted, fsGroup.set, fsGroup.same},
}

// All are all overrides, in the order in which they are read.
func All() []Override { return slices.Clone(overrides) }

// Bounds are what one role accepts.
type Bounds struct {
	v1alpha1.Overrides
	role  string
	names []string // of the overrides that it accepts at all
}

// BoundsOf are the bounds of a role of the policy. Core and other accept no overrides.
func BoundsOf(r v1alpha1.Role) Bounds {
	b := Bounds{role: r.Name}
	if r.Overrides == nil || r.Name == v1alpha1.RoleCore || r.Name == v1alpha1.RoleOther {
		return b
	}
	b.Overrides = *r.Overrides
	for _, o := range overrides {
		if o.Bounds(r.Overrides) != "" {
			b.names = append(b.names, o.Name)
		}
	}
	return b
}

// AcceptAny says whether the role accepts any override at all.
func (b Bounds) AcceptAny() bool { return len(b.names) > 0 }

// Asked is what the accepted overrides of one pod ask for. A nil field leaves the pod's field alone. An override that the
// pod's own spec contradicts is not accepted: nothing is silently overwritten.
type Asked struct {
	NodeSelector map[string]string
	Tolerations  []corev1.Toleration
	Identity     corev1.PodSecurityContext // runAsUser, runAsGroup and fsGroup alone
	Said         []string                  // what was accepted, for the creator of the pod
	Names        []string                  // of what was accepted

	pod    *corev1.Pod // read only
	bounds Bounds
	to     Placer
}

// Placer places one pod by the role and the node pool that its overrides ask for.
type Placer interface {
	// MoveTo moves the pod to a role, which its bounds name.
	MoveTo(role string)
	// UsePool places the pod on a node pool, which its bounds name, and returns the name of the one that it leaves; empty for
	// none. The error continues the sentence that names the pool.
	UsePool(name string) (instead string, err error)
	// IsOn says whether the pod selects a node pool that its role may use. There may be none of that name.
	IsOn(pool string) bool
}

// Read takes in what the pod asks for, and its owner where that counts, nil otherwise. What is not accepted changes nothing
// and is returned as errors.
func Read(pod *corev1.Pod, owner *polyaxon.Owner, bounds Bounds, to Placer) (Asked, field.ErrorList) {
	asks, errs := allAsks(pod, owner)
	asked := Asked{pod: pod, bounds: bounds, to: to}
	for _, a := range asks {
		if err := asked.take(a); err != nil {
			errs = append(errs, field.Invalid(a.path, polyaxon.Clip(a.value), err.Error()))
			continue
		}
		asked.Names = append(asked.Names, a.Name)
	}
	return asked, errs
}

// take sets one override, if the role accepts it. One that asks for what the pod has is accepted as well and sets nothing:
// Mutate places and hardens a pod without what it does not accept, and Validate sees the pod then.
func (a *Asked) take(one ask) error {
	err := a.within(one)
	if err == nil {
		return nil
	}
	if said := one.anyway(one.value, a); said != "" {
		a.say("%s anyway", said)
		return nil
	}
	return err
}

// within sets one override inside the bounds of the role.
func (a *Asked) within(one ask) error {
	b := a.bounds
	switch {
	case !b.AcceptAny():
		return fmt.Errorf("role %q accepts no overrides; remove it", b.role)
	case !slices.Contains(b.names, one.Name):
		return fmt.Errorf("role %q does not accept this override; remove it (accepted: %s)", b.role, v1alpha1.Quoted(b.names))
	case len(one.value) > longest:
		return fmt.Errorf("is %d bytes long, at most %d are read; shorten it", len(one.value), longest)
	}
	return one.set(one.value, a)
}

func (a *Asked) say(format string, args ...any) {
	a.Said = append(a.Said, Prefix+fmt.Sprintf(format, args...))
}

// anyOf are keys that take any value, for people: "disk, zone with any value". Empty where there are none.
func anyOf(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	return strings.Join(keys, ", ") + " with any value"
}
