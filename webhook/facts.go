package webhook

import (
	"context"
	"iter"
	"net/http"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/polyaxon"
	"github.com/polymoat/polymoat/webhook/serve"
)

// facts are what the policy is to know of a pod.
func (d *decider) facts(r *request, pod, old *corev1.Pod) policy.Request {
	return policy.Request{
		Namespace: r.Namespace, User: r.user(), Subresource: r.SubResource,
		Pod: pod, Old: old, Node: d.node(pod.Spec.NodeName), Nominated: d.node(pod.Status.NominatedNodeName),
		Core: d.core(r.Namespace), Priorities: d.priorities(pod.Spec.SchedulingGroup != nil), Today: d.today(), Brief: true,
	}
}

// priorities are those of the cluster; nil where they are not known. Whether groups are reviewed is found out for a pod that
// may be of one.
func (d *decider) priorities(grouped bool) *policy.Priorities {
	if d.known == nil {
		return nil
	}
	known := d.known()
	if known == nil || !grouped {
		return known
	}
	with := *known
	with.GroupsReviewed = d.reviewsGroups()
	return &with
}

// reviewsGroups says whether the API server asks about PodGroups.
func (d *decider) reviewsGroups() bool {
	return d.configurations != nil && slices.ContainsFunc(d.configurations(), func(c cluster.Configuration) bool {
		return slices.ContainsFunc(c.Webhooks, func(w cluster.Webhook) bool { return w.Groups })
	})
}

// core are the workloads of the namespace that are Polyaxon itself.
func (d *decider) core(namespace string) []policy.CoreWorkload {
	if d.coreWorkloads == nil {
		return nil
	}
	return d.coreWorkloads.Core(namespace)
}

// confirm adds the workload that controls a new pod, if it is core and was not seen yet. Who is trusted needs none.
func (d *decider) confirm(ctx context.Context, r *request, facts policy.Request) ([]policy.CoreWorkload, *serve.Fault) {
	owner := metav1.GetControllerOfNoCopy(facts.Pod)
	if d.coreWorkloads == nil || owner == nil || facts.Old != nil || facts.Trust == policy.Trusted || slices.ContainsFunc(facts.Core, func(w policy.CoreWorkload) bool { return w.UID == owner.UID }) {
		return facts.Core, nil
	}
	found, err := d.coreWorkloads.Confirm(ctx, facts.Namespace, owner)
	switch {
	case err != nil:
		d.log.Error("the pod's owner is not known", "uid", r.UID, "name", r.objectName(), "error", err)
		return nil, serve.NewFault(http.StatusInternalServerError, "owner",
			"could not read the owner of pod %q, which says whether it is part of Polyaxon; this is not a decision of the policy, and polymoat's log says more",
			r.objectName())
	case found == nil:
		return facts.Core, nil
	}
	return append(slices.Clip(facts.Core), *found), nil
}

// groups are the nodes that a new pod may be bound to; nil where they are not known, or not yet.
func (d *decider) groups() func(landing.Constraints) iter.Seq[landing.Group] {
	if d.nodes == nil || !d.nodes.Synced() {
		return nil
	}
	return d.nodes.Groups
}

// node is the node of that name; nil where it is not known, or where there is no name.
func (d *decider) node(name string) *landing.Node {
	if d.nodes == nil || name == "" {
		return nil
	}
	node, known := d.nodes.Get(name)
	if !known {
		return nil
	}
	return &node
}

// trust asks whether RBAC lets the user claim core. Where nobody answers, nothing is decided: the request fails.
func (d *decider) trust(ctx context.Context, r *request) (policy.Trust, *serve.Fault) {
	if d.mayUseCore == nil {
		return policy.NotTrusted, nil
	}
	may, err := d.mayUseCore(ctx, r.UserInfo)
	switch {
	case err != nil:
		d.log.Error("RBAC was not asked", "uid", r.UID, "user", r.UserInfo.Username, "error", err)
		return policy.NotTrusted, serve.NewFault(http.StatusInternalServerError, "access",
			`could not ask whether user %q may "use" roles.polymoat.io "core"; this is not a decision of the policy, and polymoat's log says more`,
			r.UserInfo.Username)
	case may:
		return policy.Trusted, nil
	}
	return policy.NotTrusted, nil
}

// owner is the resource that the pod was made of, where its overrides count; nil where there is none. Where nobody answers
// for it, nothing is decided: an override that is passed over in silence is worse than a pod that is created a moment
// later. What becomes of a pod that is there already depends on no answer: its owner counts if it is known.
func (d *decider) owner(ctx context.Context, r *request, facts policy.Request) (*polyaxon.Owner, *serve.Fault) {
	if d.owners == nil || !d.policy.NeedsOwner(facts) {
		return nil, nil
	}
	if !r.createsPod() {
		return d.owners.Known(facts.Namespace, facts.Pod), nil
	}
	owner, err := d.owners.Find(ctx, facts.Namespace, facts.Pod)
	if err != nil {
		d.log.Error("the pod's owner is not known", "uid", r.UID, "name", r.objectName(), "error", err)
		return nil, serve.NewFault(http.StatusInternalServerError, "owner",
			"could not read the Polyaxon resource of pod %q, which may carry overrides for it; this is not a decision of the policy, and polymoat's log says more",
			r.objectName())
	}
	return owner, nil
}

// gather adds what the policy needs to know of the pods that the workload will make.
func (d *decider) gather(r *request, w *policy.Workload) {
	w.Today, w.Core, w.Priorities = d.today(), d.core(w.Namespace), d.priorities(true)
	own := r.owner()
	for i := range w.Templates {
		t := &w.Templates[i]
		t.Owner, t.Node, t.Nodes = own, d.node(t.Pod.Spec.NodeName), d.groups()
		// Nobody is kept waiting for an answer that decides nothing: the pod's own review asks again.
		if own == nil && d.owners != nil && d.policy.NeedsOwner(policy.Request{Namespace: w.Namespace, Pod: t.Pod}) {
			t.Owner = d.owners.Known(w.Namespace, t.Pod)
		}
	}
}
