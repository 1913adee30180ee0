package certs_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// says waits until the server answers /readyz so.
func (s *server) says(t *testing.T, want string) {
	t.Helper()
	await(t, want, func() error {
		_, text, err := s.get(t.Context(), "/readyz")
		if err != nil {
			return err
		}
		if text != want {
			return fmt.Errorf("it says: %s", text)
		}
		return nil
	})
}

// TestReadiness: a server says what is wrong with its certificate, and is ready as soon as that is mended, without a
// restart. Where it cannot know, it does not wait.
func TestReadiness(t *testing.T) {
	dir, ca := t.TempDir(), newAuthority(t)
	over := time.Now().Add(-time.Minute)
	cert, key := ca.pair(t, over)
	overwrite(t, dir, cert, key)
	expired := startServer(t, "--cert-dir", dir)
	expired.says(t, "not ready: the serving certificate expired at "+over.UTC().Format(time.RFC3339))
	cert, key = ca.pair(t, time.Now().Add(time.Hour))
	overwrite(t, dir, cert, key)
	expired.says(t, `ok
MutatingWebhookConfiguration "polymoat" is not there, so that the API server asks nothing through it
ValidatingWebhookConfiguration "polymoat" is not there, so that the API server asks nothing through it`)

	install(t, "https://"+expired.address, newAuthority(t).pem, nil)
	distrusted := startServer(t, "--cert-dir", dir)
	distrusted.says(t, `not ready: MutatingWebhookConfiguration "polymoat" does not accept the serving certificate: `+
		`the caBundle of webhook "mutate.polymoat.io" lacks the authority that signed it; add it there; `+
		`ValidatingWebhookConfiguration "polymoat" does not accept the serving certificate: `+
		`the caBundle of webhook "validate.polymoat.io" lacks the authority that signed it; add it there`)
	trustOnly(t, ca.pem)
	distrusted.says(t, "ok")

	blind := startServer(t, "--cert-dir", dir, "--webhook-configuration", "other")
	blind.says(t, `ok
MutatingWebhookConfiguration "other" may not be read, so nobody knows whether it accepts the serving certificate; let RBAC allow to get, list and watch it
ValidatingWebhookConfiguration "other" may not be read, so nobody knows whether it accepts the serving certificate; let RBAC allow to get, list and watch it`)
}

// TestMissingSecret: a server that has lost the Secret says how to put it back, and goes on as soon as that was done.
func TestMissingSecret(t *testing.T) {
	withoutSecret(t)
	s := startServer(t, "--cert-source", "self-managed", "--dns-name", "127.0.0.1")
	const want = `"the Secret polymoat-system/polymoat-tls is missing, and polymoat may only fill the one that is shipped; ` +
		`put it back: kubectl -n polymoat-system create secret generic polymoat-tls"`
	await(t, want, func() error {
		log, err := os.ReadFile(s.log)
		if err == nil && !strings.Contains(string(log), want) {
			err = fmt.Errorf("the log says:\n%s", log)
		}
		return err
	})
	must(t, as(t, cluster.Admin).Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: tlsSecret.Namespace, Name: tlsSecret.Name}}))
	awaitReady(t, s)
}
