package webhook

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/patch"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/polyaxon"
	"github.com/polymoat/polymoat/webhook/serve"
)

// outcome is a decision and the answer that it becomes.
type outcome struct {
	decision policy.Decision
	response admission.Response
}

// untouched is the outcome of requests that a webhook has nothing to say about.
var untouched = outcome{
	decision: policy.Decision{Verdict: policy.OutOfScope},
	response: admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{Allowed: true}},
}

// ignoredSubresources of pods carry no pod and place none: an eviction ends one. They are listed by name, so that a
// subresource which did not exist when this was written is judged, not skipped.
var ignoredSubresources = []string{"eviction"}

// decider asks the policy, with the facts that a request lacks.
type decider struct {
	policy *policy.Policy
	nodes  *cluster.Nodes  // nil without a cluster
	owners *cluster.Owners // nil without a cluster, and where no role accepts overrides
	// coreWorkloads knows which workloads are core; nil without a cluster.
	coreWorkloads *cluster.Workloads
	// mayUseCore asks RBAC; nil without a cluster, which then trusts nobody.
	mayUseCore func(context.Context, authenticationv1.UserInfo) (bool, error)
	// known are the priorities of the cluster; nil without one, and it returns nil as long as they are not known.
	known func() *policy.Priorities
	// configurations are those through which the API server asks; nil without a cluster.
	configurations func() []cluster.Configuration
	log            *slog.Logger
	today          func() v1alpha1.Day
}

// utcToday is the day by this machine's clock.
func utcToday() v1alpha1.Day { return v1alpha1.DayOf(time.Now()) }

// mutate places pods at creation and hardens the ephemeral containers that come later. It never refuses: validate
// does, whatever became of the pod in between.
func (d *decider) mutate(ctx context.Context, r *request) (outcome, *serve.Fault) {
	if !d.policy.Governs(r.Namespace) {
		return untouched, nil
	}
	r.decodePods()
	if !r.createsPod() && (!r.debugsPod() || r.alone) { // nobody knows what a pod was given before
		return untouched, nil
	}
	pod, old, f := r.pods()
	if f != nil {
		return outcome{}, f
	}
	facts := d.facts(r, pod, old)
	// Without an answer the pod is placed as most are, whose owner asks for nothing: validate asks again.
	facts.Owner, _ = d.owner(ctx, r, facts)
	decision := d.policy.Mutate(facts)
	response := allow(decision)
	if decision.Pod == nil {
		return outcome{decision, response}, nil
	}
	var err error
	if response.Patches, err = patch.Operations(pod, decision.Pod); err != nil {
		d.log.Error("no patch", "uid", r.UID, "error", err)
		return outcome{}, internal("patch")
	}
	return outcome{decision, response}, nil
}

// validate judges the pod as it is. Only what carries no pod by its nature passes unread.
func (d *decider) validate(ctx context.Context, r *request) (outcome, *serve.Fault) {
	if judged, f := r.judged(); !judged || !d.policy.Governs(r.Namespace) {
		return untouched, f
	}
	if r.Resource.Resource == "pods" && slices.Contains(ignoredSubresources, r.SubResource) {
		return untouched, nil
	}
	r.decodePods()
	if r.bindsPod() {
		return d.validateBinding(r)
	}
	pod, old, f := r.pods()
	if f != nil {
		return outcome{}, f
	}
	facts := d.facts(r, pod, old)
	if r.createsPod() {
		facts.Nodes = d.groups()
	}
	if facts.Owner, f = d.owner(ctx, r, facts); f != nil {
		return outcome{}, f
	}
	decision := d.policy.Validate(facts)
	if decision.ClaimsCore() {
		if facts.Trust, f = d.trust(ctx, r); f != nil {
			return outcome{}, f
		}
		if facts.Core, f = d.confirm(ctx, r, facts); f != nil {
			return outcome{}, f
		}
		decision = d.policy.Validate(facts)
	}
	return d.answer(d.unplaced(decision, r, facts), r)
}

// validateBinding judges who binds a pod.
func (d *decider) validateBinding(r *request) (outcome, *serve.Fault) {
	if r.undecoded != nil {
		return outcome{}, undecodable(r.undecoded)
	}
	return d.answer(d.policy.ValidateBinding(policy.BindingRequest{
		Namespace: r.Namespace, User: r.user(),
		Binding: &corev1.Binding{TypeMeta: r.object.TypeMeta, ObjectMeta: r.object.ObjectMeta, Target: r.object.Target},
	}), r)
}

// judged says whether the operation has an object to judge.
func (r *request) judged() (bool, *serve.Fault) {
	switch r.Operation {
	case admissionv1.Delete, admissionv1.Connect:
		return false, nil
	case admissionv1.Create, admissionv1.Update:
		return true, nil
	}
	return false, badReview("operation", "request.operation is %q, not CREATE, UPDATE, DELETE or CONNECT", r.Operation)
}

func (d *decider) answer(decision policy.Decision, r *request) (outcome, *serve.Fault) {
	switch {
	case decision.TooLarge != "":
		return outcome{}, serve.NewFault(http.StatusRequestEntityTooLarge, "too-large", "%s; this is not a decision of the policy",
			decision.Sentence(polyaxon.Clip(r.objectName())))
	case decision.Verdict == policy.Denied:
		return outcome{decision, refuse(decision, r.objectName())}, nil
	}
	return outcome{decision, allow(decision)}, nil
}
