package policy

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/override"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// subject is a pod of a governed namespace with everything that was found out about it.
type subject struct {
	in *installation
	// role says where the pod belongs; labelRole is the role by Polyaxon's own marks, before content was looked at; hardeningRole is
	// the one of both whose hardening applies (trust.go). Mostly all three are the same.
	role, labelRole, hardeningRole *role
	// exemptRole is the role whose root images are spared the hardening of hardeningRole; nil where no image is.
	exemptRole *role
	// pools are those that the pod may use: the one that an override asks for, then its role's.
	pools []*pool
	// asked is what the pod's accepted overrides ask for, askedPool the node pool among it, nil for none; invalid is what is
	// wrong with the others. ownRole is the role before polymoat.io/role: its bounds hold for every override.
	asked     override.Asked
	askedPool *pool
	invalid   field.ErrorList
	ownRole   *role
	// poolConflict: the pod itself asks for another pool than its override: it is placed on neither.
	poolConflict bool
	// requester: Polyaxon itself asks. daemon: the DaemonSet controller asks, for a pod of a DaemonSet.
	requester, daemon bool
	warnings          []string
	// repositories are those of the images that were parsed; empty for one that is none.
	repositories map[string]string
}

// resolve finds the role of the pod, and why. The subject is nil for a pod that is not ours: the decision then says
// OutOfScope; otherwise it carries policy, role and why, and no verdict yet.
func (p *Policy) resolve(r Request) (*subject, Decision) {
	in := p.governed[r.Namespace]
	if in == nil {
		return nil, p.notGoverned(r.Namespace)
	}
	if isMirror(r) {
		why := fmt.Sprintf("mirror pod, created by the kubelet of node %q", r.Pod.Spec.NodeName)
		return nil, Decision{Verdict: OutOfScope, Policy: in.name, Hash: in.hash, Why: why}
	}
	r.steps.take(size(r.Pod))
	role, labelRole, id := in.classify(r.Pod)
	s := &subject{in: in, role: role, labelRole: labelRole, pools: role.pools, requester: in.isRequester(r.User), daemon: isDaemon(r)}
	s.trust(r.Pod)
	owner := r.Owner
	if !role.heedsOwner(id) {
		owner = nil
	}
	s.override(r.Pod, owner)
	why := id.Why
	if s.role != role {
		why += ", and " + override.Prefix + "role"
	}
	return s, Decision{Policy: in.name, Hash: in.hash, Role: s.role.name, Why: why, Contact: in.contact, File: polyaxon.FileOf(r.Pod)}
}

func (p *Policy) notGoverned(namespace string) Decision {
	return Decision{Verdict: OutOfScope, Why: fmt.Sprintf("namespace %q is not governed (governed: %s)", namespace, p.outside)}
}

// classify tells the pod's role, and by which marks; labelRole is the role by Polyaxon's own marks, before content was looked
// at.
func (in *installation) classify(pod *corev1.Pod) (role, labelRole *role, id polyaxon.Identity) {
	id = in.identify(pod)
	labelRole = in.roles[id.Role]
	if id.Role == v1alpha1.RoleCore {
		return labelRole, labelRole, id
	}
	lines := polyaxon.Commands(pod)
	for _, i := range in.matchers.near(pod) {
		m := &in.matchers.rows[i]
		if m.Role == v1alpha1.RoleCore && id.Run {
			continue // nothing makes a run core
		}
		if why, ok := polyaxon.Holds(m.Signal, pod, id, lines); ok {
			id.Why, id.Label = why, firstKey(m.Signal.Labels)
			return in.roles[m.Role], labelRole, id
		}
	}
	return labelRole, labelRole, id
}

// firstKey is the first key in their order; empty where there is none.
func firstKey(labels map[string]string) string {
	if len(labels) == 0 {
		return ""
	}
	return slices.Min(slices.Collect(maps.Keys(labels)))
}

// identify is polyaxon.Identify where the policy did not replace the marks of the role that it tells.
func (in *installation) identify(pod *corev1.Pod) polyaxon.Identity {
	id := polyaxon.Identify(pod, in.release)
	if id.Role == "" {
		id.Role = v1alpha1.RoleOther
	}
	switch {
	case !in.roles[id.Role].unmarked:
		return id
	case id.Run && !in.roles[v1alpha1.RoleJobs].unmarked:
		id.Role = v1alpha1.RoleJobs
	default:
		id.Role = v1alpha1.RoleOther
	}
	return id
}

// isMirror says whether the pod stands for a static pod, created by the kubelet of its own node. The annotation alone
// says nothing: anybody can write it.
func isMirror(r Request) bool {
	_, marked := r.Pod.Annotations[corev1.MirrorPodAnnotationKey]
	return marked && r.User.isKubelet(r.Pod.Spec.NodeName)
}

// isDaemon says whether the DaemonSet controller asks, for a pod of a DaemonSet: it has a node for it already.
func isDaemon(r Request) bool {
	for _, o := range r.Pod.OwnerReferences {
		if o.Kind == "DaemonSet" && o.Controller != nil && *o.Controller {
			return r.User.isController("daemon-set-controller")
		}
	}
	return false
}
