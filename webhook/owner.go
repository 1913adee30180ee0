package webhook

import (
	"context"
	"net/http"

	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/polyaxon"
	"github.com/polymoat/polymoat/webhook/serve"
)

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
