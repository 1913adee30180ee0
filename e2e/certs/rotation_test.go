package certs_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// rotations is how often each source is made to rotate.
const rotations = 10

// tlsSecret is where self-managed and cert-manager keep the pair.
var tlsSecret = client.ObjectKey{Namespace: "polymoat-system", Name: "polymoat-tls"}

// secret reads a Secret; it is empty where there is none.
func secret(t *testing.T, key client.ObjectKey) *corev1.Secret {
	t.Helper()
	s := &corev1.Secret{}
	must(t, client.IgnoreNotFound(as(t, cluster.Admin).Get(t.Context(), key, s)))
	return s
}

// shipSecret puts the Secret back as it is shipped: empty. polymoat may fill it, and make no other.
func shipSecret(ctx context.Context, t *testing.T) {
	t.Helper()
	admin := as(t, cluster.Admin)
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: tlsSecret.Namespace, Name: tlsSecret.Name}}
	must(t, client.IgnoreNotFound(admin.Delete(ctx, s.DeepCopy())))
	must(t, admin.Create(ctx, s))
}

// withoutSecret takes the Secret away for the test: whoever gives certificates makes one of its own.
func withoutSecret(t *testing.T) {
	t.Helper()
	must(t, as(t, cluster.Admin).Delete(t.Context(), secret(t, tlsSecret)))
	t.Cleanup(func() { shipSecret(context.WithoutCancel(t.Context()), t) })
}

// awaitPlaced waits until the API server sends pods to the servers: it hears of a new configuration a moment later.
func awaitPlaced(t *testing.T) {
	t.Helper()
	tenant, pod := as(t, cluster.Tenant), run(t)
	await(t, "a pod that is placed", func() error { return create(t.Context(), tenant, pod) })
}

// meet makes the API server shake hands anew with every server, and waits until pods have gone that way.
func meet(t *testing.T, b *balancer, l *load) {
	t.Helper()
	mutate, validate := b.open(t), b.open(t)
	send(t, mutate.url, validate.url)
	await(t, "the API server at another address", func() error {
		if !mutate.passed.Load() || !validate.passed.Load() {
			return errors.New("it was not there")
		}
		return nil
	})
	l.awaitMore(t, 2*creators) // more than were on their way when it came
}

// TestRotationOfFiles: an administrator replaces authority and pair by hand, in the order that certs/README.md tells: trust both
// authorities, replace the files, trust the new one alone. One folder is written in place, one as a kubelet does.
func TestRotationOfFiles(t *testing.T) {
	byHand, mounted := t.TempDir(), t.TempDir()
	ca := newAuthority(t)
	replace := func() {
		cert, key := ca.pair(t, time.Now().Add(time.Hour))
		overwrite(t, byHand, cert, key)
		mount(t, mounted, map[string][]byte{"tls.crt": cert, "tls.key": key})
	}
	replace()
	servers := []*server{startServer(t, "--cert-dir", byHand), startServer(t, "--cert-dir", mounted)}
	b := &balancer{servers: servers}
	install(t, b.open(t).url, ca.pem, nil)
	awaitReady(t, servers...)
	awaitPlaced(t)
	l, serial := startLoad(t, b), awaitLeaf(t, "", servers...)
	for range rotations {
		old := ca.pem
		ca = newAuthority(t)
		trustOnly(t, append(append([]byte{}, old...), ca.pem...))
		l.awaitHeard(t)
		meet(t, b, l)
		replace()
		serial = awaitLeaf(t, serial, servers...)
		meet(t, b, l)
		trustOnly(t, ca.pem)
		meet(t, b, l)
		awaitReady(t, servers...)
	}
}

// TestRotationOfSelfManaged: two servers that start at once, with an empty Secret, agree on one authority, and renew it
// when the Secret is put back or emptied. They have the rights that are shipped, and no others.
func TestRotationOfSelfManaged(t *testing.T) {
	shipSecret(t.Context(), t)
	flags := []string{"--cert-source", "self-managed", "--dns-name", "127.0.0.1"}
	servers := []*server{startServer(t, flags...), startServer(t, flags...)}
	b := &balancer{servers: servers}
	install(t, b.open(t).url, nil, nil)
	awaitReady(t, servers...)
	awaitPlaced(t)
	serial := awaitLeaf(t, "", servers...)
	if n := bytes.Count(bundleOf(t), []byte("BEGIN")); n != 1 {
		t.Errorf("%d authorities are trusted after the start", n)
	}
	if _, metrics, err := servers[0].get(t.Context(), "/metrics"); !strings.Contains(metrics, `polymoat_certificate_not_after_seconds{source="self-managed"}`) {
		t.Errorf("the metrics do not tell when the certificate expires (%v)", err)
	}
	l := startLoad(t, b)
	for i := range rotations {
		if i%2 == 0 {
			shipSecret(t.Context(), t)
		} else {
			emptySecret(t)
		}
		serial = awaitLeaf(t, serial, servers...)
		meet(t, b, l)
		awaitReady(t, servers...)
	}
}

// emptySecret takes the certificate out of the Secret.
func emptySecret(t *testing.T) {
	t.Helper()
	empty := client.RawPatch(types.MergePatchType, []byte(`{"data":{"tls.crt":""}}`))
	must(t, as(t, cluster.Admin).Patch(t.Context(), secret(t, tlsSecret), empty))
}
