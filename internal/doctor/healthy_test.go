package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/ptr"
)

// today is the day on which all installations of these tests are examined.
var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const host = "polymoat.polymoat-system.svc"

// healthy is what install.yaml makes of a cluster with two nodes of every pool, where a self-managed server has
// written its certificate.
func healthy(t *testing.T) *Facts {
	t.Helper()
	f := &Facts{Now: today, Plugin: "v0.1.0", Kubernetes: "v1.37.2", Unread: map[Resource]error{}}
	text, err := os.ReadFile("../../manifests/install.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(string(text), "\n---\n") {
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode([]byte(part), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		f.Add(object)
	}
	f.Add(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "polyaxon"}})
	for _, pool := range []string{"core", "experiments", "builds"} {
		for i := range 2 {
			f.Add(&corev1.Node{
				ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", pool, i+1), Labels: map[string]string{"polyaxon": pool}},
				Spec:       corev1.NodeSpec{Taints: []corev1.Taint{{Key: "polyaxon", Value: pool, Effect: "NoSchedule"}}},
			})
		}
	}
	for i := range 2 {
		f.Add(replica(f.Deployment, fmt.Sprintf("polymoat-%d", i+1), fmt.Sprintf("core-%d", i+1)))
	}
	f.Deployment.Status.ReadyReplicas = 2
	f.Add(&discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: "polymoat-1", Labels: map[string]string{discoveryv1.LabelServiceName: "polymoat"}},
		Endpoints:  []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.1"}}},
	})
	f.Leases[0].Spec.HolderIdentity, f.Leases[0].Spec.RenewTime = ptr.To("polymoat-1"), ptr.To(metav1.NewMicroTime(today))
	certify(t, f, issue(t, host, today.AddDate(0, -1, 0), today.AddDate(0, 5, 0)))
	return f
}

// replica is a pod of the Deployment.
func replica(d *appsv1.Deployment, name, node string) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: d.Namespace, Name: name, Labels: d.Spec.Template.Labels},
		Spec:       *d.Spec.Template.Spec.DeepCopy(),
		Status:     corev1.PodStatus{Phase: corev1.PodRunning},
	}
	pod.Spec.NodeName = node
	return pod
}

// issued is a certificate, its key and its authority, in PEM.
type issued struct{ ca, cert, key []byte }

// issue makes a certificate of its own authority.
func issue(t *testing.T, name string, from, until time.Time) issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{name}, NotBefore: from, NotAfter: until,
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return issued{cert, cert, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})}
}

// certify has the server serve a certificate that every webhook trusts.
func certify(t *testing.T, f *Facts, i issued) {
	t.Helper()
	f.Secret.Data = map[string][]byte{"tls.crt": i.cert, "tls.key": i.key}
	trust(f, i.ca)
}

// trust writes the caBundle of every webhook.
func trust(f *Facts, ca []byte) {
	for i := range f.Mutating[0].Webhooks {
		f.Mutating[0].Webhooks[i].ClientConfig.CABundle = ca
	}
	for i := range f.Validating[0].Webhooks {
		f.Validating[0].Webhooks[i].ClientConfig.CABundle = ca
	}
}
