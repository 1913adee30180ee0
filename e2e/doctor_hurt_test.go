package e2e_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// keyPair is a serving certificate that is its own authority, in PEM.
type keyPair struct{ cert, key []byte }

// certificate makes one for the address of servers, which ends with the first day of a year.
func certificate(t *testing.T, ends int) keyPair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(ends, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}),
	}
}

func (r *trial) named(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "trial-system", Name: name}
}

// certify has the Secret hold a certificate that all webhooks trust.
func (r *trial) certify(k keyPair) {
	r.t.Helper()
	var secret corev1.Secret
	r.get("trial-polymoat-tls", &secret)
	secret.Data = map[string][]byte{"tls.crt": k.cert, "tls.key": k.key}
	if err := r.admin.Update(r.t.Context(), &secret); err != nil {
		r.t.Fatal(err)
	}
	r.trust(k.cert)
}

// hold has the Lease say that a replica audits: the server of a trial takes part in the other installation's election.
func (r *trial) hold() {
	r.t.Helper()
	var lease coordinationv1.Lease
	r.get("trial-polymoat-audit", &lease)
	lease.Spec.HolderIdentity, lease.Spec.RenewTime = ptr.To("trial"), ptr.To(metav1.NewMicroTime(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)))
	if err := r.admin.Update(r.t.Context(), &lease); err != nil {
		r.t.Fatal(err)
	}
}

// trust writes the caBundle of all webhooks.
func (r *trial) trust(ca []byte) {
	r.t.Helper()
	var mutating admissionregistrationv1.MutatingWebhookConfiguration
	var validating admissionregistrationv1.ValidatingWebhookConfiguration
	r.get("trial-polymoat", &mutating)
	r.get("trial-polymoat", &validating)
	for i := range mutating.Webhooks {
		mutating.Webhooks[i].ClientConfig.CABundle = ca
	}
	for i := range validating.Webhooks {
		validating.Webhooks[i].ClientConfig.CABundle = ca
	}
	if err := errors.Join(r.admin.Update(r.t.Context(), &mutating), r.admin.Update(r.t.Context(), &validating)); err != nil {
		r.t.Fatal(err)
	}
}

// remove takes an object away until the test ends.
func (r *trial) remove(t *testing.T, object client.Object) {
	t.Helper()
	if err := r.admin.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
		t.Fatal(err)
	}
	if err := r.admin.Delete(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		object.SetResourceVersion("")
		object.SetUID("")
		if err := r.admin.Create(context.WithoutCancel(t.Context()), object); err != nil {
			t.Error(err)
		}
	})
}

// failOpen lets pods pass while nobody answers, until the test ends.
func (r *trial) failOpen(t *testing.T) {
	set := func(policy admissionregistrationv1.FailurePolicyType) {
		var validating admissionregistrationv1.ValidatingWebhookConfiguration
		r.get("trial-polymoat", &validating)
		validating.Webhooks[0].FailurePolicy = ptr.To(policy)
		if err := r.admin.Update(r.t.Context(), &validating); err != nil {
			t.Error(err)
		}
	}
	set(admissionregistrationv1.Ignore)
	t.Cleanup(func() { set(admissionregistrationv1.Fail) })
}

// untaint takes the taints from a node until the test ends.
func (r *trial) untaint(t *testing.T, name string) {
	var before []corev1.Taint
	set := func(taints []corev1.Taint) {
		var node corev1.Node
		err := r.admin.Get(r.t.Context(), client.ObjectKey{Name: name}, &node)
		before = node.Spec.Taints
		node.Spec.Taints = taints
		if err := errors.Join(err, r.admin.Update(r.t.Context(), &node)); err != nil {
			t.Error(err)
		}
	}
	set(nil)
	was := before
	t.Cleanup(func() { set(was) })
}

// leaveUnready has cert-manager's API say of the certificate that it could not be issued, until the test ends.
func (r *trial) leaveUnready(t *testing.T) {
	for _, crd := range decodeAll(t, read(t, "testdata/crds/cert-manager.yaml")) {
		create(t, r.admin, crd)
	}
	for _, object := range decodeAll(t, `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {namespace: trial-system, name: trial-polymoat}
status: {conditions: [{type: Ready, status: "False", reason: DoesNotExist, message: Issuing certificate as Secret does not exist}]}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {namespace: trial-system, name: trial-polymoat-ca}
status: {conditions: [{type: Ready, status: "True", reason: KeyPairVerified}]}
`) {
		err := control.Await("the API of cert-manager", func(ctx context.Context) error { return r.admin.Create(ctx, object.DeepCopy()) })
		if err != nil {
			t.Fatal(err)
		}
	}
}
