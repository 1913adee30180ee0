package policy

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// Core is earned. Labels, names and owner references only claim it: anybody who may create a pod can write them, and
// would be let onto the nodes that keep Polyaxon alive, or into the endpoints of its API.
//
// Refused is a pod that claims core, a run that carries core's marks beside its own, or any pod that takes a place among
// core's pods by its labels (places.go), from all but the users of spec.coreTrust, those who may "use"
// roles.polymoat.io "core" by RBAC, and the built-in controllers, for pods of an owner of their own kind. On UPDATE a claim that
// was there goes on, whoever changes labels or finalizers; what the pod runs (an image) is not theirs to change. How much
// of it there is may change, and containers for debugging have their own rules. Pod templates are held to the same where
// they enter (workload.go), and so are revisions (revision.go): a new pod of a StatefulSet or DaemonSet must be core by the
// template of its owner, too.
func coreClaim(v View) []Violation {
	if v.Trust == TrustUnknown {
		return nil // a warning says so
	}
	return v.unearned()
}

// unearned are claims of core that are not granted.
func (v View) unearned() []Violation {
	if v.Trust == Trusted || v.in.trusts(v.User, v.Namespace) {
		return nil
	}
	made := v.User.makes("Pod", v.Pod.OwnerReferences)
	if made && (v.Old != nil || v.vouched()) {
		return nil
	}
	found := claim{v.in, v.User, v.Core}.claims(v.Pod, v.Old)
	if made && len(found) > 0 {
		return v.stranger()
	}
	return found
}

// claims are those of the pod, and of an update those that were not there before.
func (c claim) claims(pod, old *corev1.Pod) []Violation {
	switch {
	case old == nil || !c.isCore(old):
		found := c.made(pod, labelAt)
		if old != nil {
			found = added(found, c.made(old, labelAt))
		}
		if len(found) > 0 {
			return found
		}
	case !equality.Semantic.DeepEqual(contents(&old.Spec), contents(&pod.Spec)):
		return c.changed(old, pathSpec, "pod")
	}
	return c.taken(pod, old, labelAt)
}

// contents are a pod's spec without what the subresources resize and ephemeralcontainers change.
func contents(spec *corev1.PodSpec) *corev1.PodSpec {
	c := spec.DeepCopy()
	c.Resources, c.EphemeralContainers = nil, nil
	for at := range containers(c) {
		at.Resources, at.ResizePolicy = corev1.ResourceRequirements{}, nil
	}
	return c
}

// claimWarnings are what the pod needs that is not known yet.
func (v View) claimWarnings() []string {
	if v.Trust != TrustUnknown {
		return nil
	}
	var list []string
	for _, found := range v.unearned() {
		list = append(list, fmt.Sprintf("%s claims role %q: its creator must be trusted with it: %s", found.Field, v1alpha1.RoleCore, v.in.trusted))
	}
	return list
}

// claim words what is claimed by a user who is not trusted with it.
type claim struct {
	*installation
	user UserInfo
	core []CoreWorkload
}

// made is the violation of a pod that claims core; none if it does not. at tells where its labels stand.
func (c claim) made(pod *corev1.Pod, at func(label string) *field.Path) []Violation {
	id, beside := c.coreIdentity(pod), ""
	if id.Role == "" && c.identify(pod).Run {
		id, beside = polyaxon.Borrowed(pod, c.release), " beside the labels of a run"
	}
	if id.Role == "" {
		return nil
	}
	return []Violation{{
		Field:  at(id.Label),
		Detail: fmt.Sprintf("%s%s, which %s is not trusted with", claimed(pod, id.Label, id.Why), beside, c.who()),
		Fix:    fmt.Sprintf("remove it, or have %s create it", c.trusted),
	}}
}

// changed is the violation of what claimed core before, by a user who may not change it.
func (c claim) changed(old *corev1.Pod, at *field.Path, noun string) []Violation {
	id := c.coreIdentity(old)
	return []Violation{{
		Field:  at,
		Detail: fmt.Sprintf("changes a %s of role %q (%s), which %s is not trusted with", noun, v1alpha1.RoleCore, id.Why, c.who()),
		Fix:    fmt.Sprintf("leave it as it was, or have %s change it", c.trusted),
	}}
}

// labelAt is where the label of a pod stands.
func labelAt(label string) *field.Path {
	labels := field.NewPath("metadata", "labels")
	if label == "" {
		return labels
	}
	return labels.Key(label)
}

func (c claim) who() string { return fmt.Sprintf("user %q", short(c.user.Name)) }

// claimed names the label's value, and what else the claim rests on.
func claimed(pod *corev1.Pod, label, why string) string {
	text := fmt.Sprintf("%q claims role %q", pod.Labels[label], v1alpha1.RoleCore)
	if label == "" {
		text = fmt.Sprintf("claims role %q", v1alpha1.RoleCore)
	}
	if why == "label "+label+"="+pod.Labels[label] {
		return text
	}
	return fmt.Sprintf("%s (%s)", text, why)
}

// claimsCore says whether the pod is core's, or is a run that carries core's marks beside its own.
func (in *installation) claimsCore(pod *corev1.Pod) bool {
	return in.isCore(pod) || polyaxon.Borrowed(pod, in.release).Role != ""
}

// isCore says whether the pod claims core.
func (in *installation) isCore(pod *corev1.Pod) bool { return in.coreIdentity(pod).Role != "" }

// coreIdentity is by which marks the pod claims core; without a role where it does not. What a pod contains is not looked
// at: nothing makes a run core, and only a run's content tells its role.
func (in *installation) coreIdentity(pod *corev1.Pod) polyaxon.Identity {
	if in.identify(pod).Run {
		return polyaxon.Identity{}
	}
	role, _, id := in.classify(pod)
	if role.name != v1alpha1.RoleCore {
		return polyaxon.Identity{}
	}
	id.Role = role.name
	return id
}
