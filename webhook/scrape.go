package webhook

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/polymoat/polymoat/internal/cluster"
)

// metricsHandler serves /metrics, and says over which TLS. The manager's own metrics server is not used: it tells no
// exemplars, and its filter of who may read brings k8s.io/apiserver and cel-go, which make the binary half as large again.
func (s *setup) metricsHandler() (http.Handler, *tls.Config, error) {
	mux := http.NewServeMux()
	if s.options.MetricsAddress == "" || s.options.MetricsOpen {
		mux.Handle("/metrics", s.metrics.handler())
		return mux, nil, nil
	}
	client, err := cluster.Connect(s.options.Kubeconfig)
	if err != nil {
		return nil, nil, err
	}
	mux.Handle("/metrics", &scraped{client, s.metrics.handler(), make(chan struct{}, mostChecks), s.log})
	return mux, &tls.Config{GetCertificate: s.cert.GetCertificate, MinVersion: tls.VersionTLS12}, nil
}

// mostChecks is how many callers the API server is asked about at once: it answers in milliseconds.
const mostChecks = 4

// scraped are metrics for those that RBAC lets "get" the URL /metrics. To count pods takes time, so it comes after.
type scraped struct {
	client  kubernetes.Interface
	metrics http.Handler
	checks  chan struct{}
	log     *slog.Logger
}

func (s *scraped) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
func (s *scraped) check(ctx context.Context, token string) (code int, text string) {
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

func (s *scraped) unknown(err error) (code int, text string) {
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
