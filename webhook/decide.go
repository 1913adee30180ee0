package webhook

import (
	"log/slog"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/patch"
	"github.com/polymoat/polymoat/internal/policy"
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

// decider asks the policy, with the facts that a request lacks.
type decider struct {
	policy *policy.Policy
	nodes  *cluster.Nodes // nil without a cluster
	log    *slog.Logger
}

// mutate places pods at creation and hardens the ephemeral containers that come later. It never refuses: validate
// does, whatever became of the pod in between.
func (d *decider) mutate(r *request) (outcome, *fault) {
	if !r.createsPod() && !r.debugsPod() {
		return untouched, nil
	}
	pod, old, f := r.pods()
	if f != nil {
		return outcome{}, f
	}
	decision := d.policy.Mutate(d.facts(r, pod, old))
	response := allow(decision)
	if decision.Pod == nil {
		return outcome{decision, response}, nil
	}
	operations, err := patch.Operations(pod, decision.Pod)
	if err == nil {
		err = attach(&response, operations)
	}
	if err != nil {
		d.log.Error("no patch", "uid", r.UID, "error", err)
		return outcome{}, internal("patch")
	}
	return outcome{decision, response}, nil
}

// validate judges the pod as it is. Only what carries no pod by its nature passes unread.
func (d *decider) validate(r *request) (outcome, *fault) {
	switch r.Operation {
	case admissionv1.Delete, admissionv1.Connect:
		return untouched, nil
	case admissionv1.Create, admissionv1.Update:
	default:
		return outcome{}, badReview("operation", "request.operation is %q, not CREATE, UPDATE, DELETE or CONNECT", r.Operation)
	}
	if r.bindsPod() {
		return d.validateBinding(r)
	}
	pod, old, f := r.pods()
	if f != nil {
		return outcome{}, f
	}
	decision := d.policy.Validate(d.facts(r, pod, old))
	if decision.Verdict == policy.Denied {
		return outcome{decision, refuse(decision, r.objectName())}, nil
	}
	return outcome{decision, allow(decision)}, nil
}

// validateBinding judges who binds a pod, to which node, and what else the pod gets with it.
func (d *decider) validateBinding(r *request) (outcome, *fault) {
	binding, f := r.binding()
	if f != nil {
		return outcome{}, f
	}
	decision := d.policy.ValidateBinding(policy.BindingRequest{
		Namespace: r.Namespace, User: r.user(), Binding: binding, Node: d.node(binding.Target.Name),
	})
	if decision.Verdict == policy.Denied {
		return outcome{decision, refuse(decision, r.objectName())}, nil
	}
	return outcome{decision, allow(decision)}, nil
}

func (d *decider) facts(r *request, pod, old *corev1.Pod) policy.Request {
	return policy.Request{
		Namespace: r.Namespace, User: r.user(), Subresource: r.SubResource,
		Pod: pod, Old: old, Node: d.node(pod.Spec.NodeName),
	}
}

func (r *request) user() policy.UserInfo {
	return policy.UserInfo{Name: r.UserInfo.Username, Groups: r.UserInfo.Groups}
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
