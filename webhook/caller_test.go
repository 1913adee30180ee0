package webhook

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"path/filepath"
	"testing"
	"time"
)

// authority signs client certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "clients"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), SerialNumber: big.NewInt(1),
	}
	a := &authority{}
	a.cert, a.key = sign(t, template, nil)
	return a
}

// sign makes a key and a certificate for it, by its own key where there is no authority.
func sign(t *testing.T, template *x509.Certificate, by *authority) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, parentKey := template, key
	if by != nil {
		parent, parentKey = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func (a *authority) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
}

// client is the certificate of a client of that name.
func (a *authority) client(t *testing.T, name string) tls.Certificate {
	t.Helper()
	cert, key := sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), SerialNumber: big.NewInt(2),
	}, a)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

// post sends a review with the client certificates, and returns 0 where there is no answer.
func (r *running) post(t *testing.T, path string, certificates ...tls.Certificate) (int, string) {
	t.Helper()
	client := r.client()
	client.Transport.(*http.Transport).TLSClientConfig.Certificates = certificates
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+r.address+path, bytes.NewReader(benchmarkReview(t)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(body)
}

const (
	noCertificate = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"polymoat: reviews are read from callers with a client certificate only, and there is none; ` +
		`name one for this webhook in the kubeconfig of the API server's --admission-control-config-file","reason":"Unauthorized","code":401}`
	wrongName = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"polymoat: the client certificate is of \"jane\", and --client-name accepts \"kube-apiserver\", \"backup\"","reason":"Forbidden","code":403}`
)

// TestCallers: without a certificate of the right authority and name, no review is read; everything else is.
func TestCallers(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	file := filepath.Join(t.TempDir(), "clients.crt")
	writeFile(t, file, ours.pem())
	r := start(t, Options{ClientCAFile: file, ClientNames: []string{"kube-apiserver", "backup"}})
	apiserver, jane := ours.client(t, "kube-apiserver"), ours.client(t, "jane")
	for _, path := range []string{"/mutate", "/validate", "/workloads"} {
		if code, text := r.post(t, path, apiserver); code != 200 {
			t.Errorf("%s: the API server is answered %d %s", path, code, text)
		}
		if code, text := r.post(t, path); code != 401 || text != noCertificate {
			t.Errorf("%s: without a certificate: %d %s", path, code, text)
		}
		if code, text := r.post(t, path, jane); code != 403 || text != wrongName {
			t.Errorf("%s: as jane: %d %s", path, code, text)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if code, text := r.get(t, path); code != 200 {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	stranger := theirs.client(t, "kube-apiserver")
	if code, _ := r.post(t, "/mutate", stranger); code != 0 {
		t.Errorf("a stranger is answered %d", code)
	}
	writeFile(t, file, theirs.pem())
	if code, text := r.post(t, "/mutate", stranger); code != 200 {
		t.Errorf("an authority that was added to the file: %d %s", code, text)
	}
	if code, _ := r.post(t, "/mutate", apiserver); code != 0 {
		t.Errorf("one that was taken away: %d", code)
	}
}

func TestCallersOfAnyName(t *testing.T) {
	ours := newAuthority(t)
	file := filepath.Join(t.TempDir(), "clients.crt")
	writeFile(t, file, ours.pem())
	r := start(t, Options{ClientCAFile: file})
	if code, text := r.post(t, "/mutate", ours.client(t, "jane")); code != 200 {
		t.Errorf("got %d %s", code, text)
	}
}
