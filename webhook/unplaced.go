package webhook

import (
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/policy"
)

// validateName is the webhook through which the API server asks validate.
const validateName = "validate.polymoat.io"

// passedUnplaced is what whoever creates such a pod reads.
const passedUnplaced = "the pod passes as it is, and is not placed: it was not sent to polymoat for that, or was changed behind it, " +
	"and the failurePolicy of " + validateName + " is Ignore"

// unplaced is the decision on a new pod that is refused, and would not have been had it been placed. The API server asks
// twice, and the first replica may come in between: where polymoat is installed beside runs, and its absence is to refuse
// none, that refuses none either. Everywhere else the pod is judged as it is, whatever became of mutate.
func (d *decider) unplaced(decision policy.Decision, r *request, facts policy.Request) policy.Decision {
	if decision.Verdict != policy.Denied || !r.createsPod() || d.configurations == nil || !failsOpen(d.configurations()) {
		return decision
	}
	placed := d.policy.Mutate(facts)
	if placed.Pod == nil {
		return decision
	}
	facts.Pod = placed.Pod
	passes := d.policy.Validate(facts)
	if passes.Verdict != policy.Allowed {
		return decision
	}
	passes.Warnings = append([]string{passedUnplaced}, passes.Warnings...)
	return passes
}

// failsOpen says whether pods pass that polymoat cannot be asked about. Where nobody knows, they do not.
func failsOpen(configurations []cluster.Configuration) bool {
	return slices.ContainsFunc(configurations, func(c cluster.Configuration) bool {
		return slices.ContainsFunc(c.Webhooks, func(w cluster.Webhook) bool {
			return w.Name == validateName && w.FailurePolicy == admissionregistrationv1.Ignore
		})
	})
}
