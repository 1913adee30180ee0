// Package scrape serves metrics to callers that RBAC lets "get" the URL /metrics, as Prometheus is in most clusters.
package scrape

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// mostChecks is how many callers the API server is asked about at once: it answers in milliseconds.
const mostChecks = 4

// Restricted serves the metrics to those that RBAC lets "get" the URL /metrics, after the API server has said who they are.
func Restricted(client kubernetes.Interface, metrics http.Handler, log *slog.Logger) http.Handler {
	return &restricted{client, metrics, make(chan struct{}, mostChecks), log}
}

type restricted struct {
	client  kubernetes.Interface
	metrics http.Handler
	checks  chan struct{}
	log     *slog.Logger
}

func (s *restricted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		http.Error(w, "metrics are for callers with the token of a service account that may get the URL /metrics", http.StatusUnauthorized)
		return
	}
	select {
	case s.checks <- struct{}{}:
	default:
		http.Error(w, "too many callers ask for metrics at once; ask again later", http.StatusServiceUnavailable)
		return
	}
	code, text := s.check(r.Context(), token)
	<-s.checks
	if code != http.StatusOK {
		http.Error(w, text, code)
		return
	}
	s.metrics.ServeHTTP(w, r)
}

// check asks the API server who has the token, and whether they may read metrics.
func (s *restricted) check(ctx context.Context, token string) (code int, text string) {
	who, err := s.client.AuthenticationV1().TokenReviews().Create(ctx,
		&authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}, metav1.CreateOptions{})
	switch {
	case err != nil:
		return s.unknown(err)
	case !who.Status.Authenticated:
		return http.StatusUnauthorized, "the API server does not know the token"
	}
	user := who.Status.User
	may, err := s.client.AuthorizationV1().SubjectAccessReviews().Create(ctx,
		&authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: user.Username, UID: user.UID, Groups: user.Groups, Extra: extra(user.Extra),
			NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: "/metrics", Verb: "get"},
		}}, metav1.CreateOptions{})
	switch {
	case err != nil:
		return s.unknown(err)
	case !may.Status.Allowed:
		return http.StatusForbidden, fmt.Sprintf("user %q may not get the URL /metrics; bind it to a ClusterRole that lets it", user.Username)
	}
	return http.StatusOK, ""
}

func (s *restricted) unknown(err error) (code int, text string) {
	s.log.Warn("nobody knows who asks for metrics", "error", err)
	return http.StatusServiceUnavailable, "the API server could not be asked who may read metrics; polymoat's log says more"
}

func extra(of map[string]authenticationv1.ExtraValue) map[string]authorizationv1.ExtraValue {
	same := map[string]authorizationv1.ExtraValue{}
	for key, values := range of {
		same[key] = authorizationv1.ExtraValue(values)
	}
	return same
}
