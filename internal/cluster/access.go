package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilcache "k8s.io/apimachinery/pkg/util/cache"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
)

// How long answers of RBAC are kept: a right that was taken away holds for a minute at most, one that was given is
// known after ten seconds.
const (
	accessTimeout = 2 * time.Second
	allowedTTL    = time.Minute
	refusedTTL    = 10 * time.Second
	mostAnswers   = 1024
	longestKey    = 10_000 // bytes of one user's groups and extra: whoever has more is asked about each time
)

// Access asks RBAC whether a user may "use" a role of polymoat's, and remembers the answer for a while.
type Access struct {
	reviews authorizationclient.SubjectAccessReviewInterface
	answers *utilcache.LRUExpireCache // of bool, by the spec of the review
}

// NewAccess prepares to ask. kubeconfig is a file, or empty in a pod: its service account is used then.
func NewAccess(kubeconfig string) (*Access, error) {
	client, err := Connect(kubeconfig)
	if err != nil {
		return nil, err
	}
	return newAccess(client.AuthorizationV1().SubjectAccessReviews()), nil
}

func newAccess(reviews authorizationclient.SubjectAccessReviewInterface) *Access {
	return &Access{reviews, utilcache.NewLRUExpireCache(mostAnswers)}
}

// MayUseCore says whether RBAC lets the user "use" the resource roles.polymoat.io named "core". The resource has no
// namespace: within one, whoever may do everything there could not be told from those that core was given to.
func (a *Access) MayUseCore(ctx context.Context, user authenticationv1.UserInfo) (bool, error) {
	spec := authorizationv1.SubjectAccessReviewSpec{
		User: user.Username, Groups: user.Groups, UID: user.UID, Extra: extra(user.Extra),
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "use", Group: "polymoat.io", Resource: "roles", Name: "core"},
	}
	key, err := json.Marshal(spec)
	if err != nil {
		return false, fmt.Errorf("ask RBAC: %w", err)
	}
	if known, ok := a.answers.Get(string(key)); ok {
		return known.(bool), nil
	}
	ctx, cancel := context.WithTimeout(ctx, accessTimeout)
	defer cancel()
	answer, err := a.reviews.Create(ctx, &authorizationv1.SubjectAccessReview{Spec: spec}, metav1.CreateOptions{})
	if err != nil {
		return false, fmt.Errorf("ask RBAC: %w", err)
	}
	may := answer.Status.Allowed && !answer.Status.Denied
	a.remember(string(key), may)
	return may, nil
}

func (a *Access) remember(key string, may bool) {
	ttl := refusedTTL
	if may {
		ttl = allowedTTL
	}
	if len(key) <= longestKey {
		a.answers.Add(key, may, ttl)
	}
}

func extra(of map[string]authenticationv1.ExtraValue) map[string]authorizationv1.ExtraValue {
	if of == nil {
		return nil
	}
	same := make(map[string]authorizationv1.ExtraValue, len(of))
	for key, values := range of {
		same[key] = authorizationv1.ExtraValue(values)
	}
	return same
}
