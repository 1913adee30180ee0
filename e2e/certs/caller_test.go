package certs_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// byHand starts a server with the flags, whose certificate the configurations trust.
func byHand(t *testing.T, flags ...string) *server {
	t.Helper()
	dir, ca := t.TempDir(), newAuthority(t)
	cert, key := ca.pair(t, time.Now().Add(time.Hour))
	overwrite(t, dir, cert, key)
	s := startServer(t, append(flags, "--cert-dir", dir)...)
	install(t, "https://"+s.address, ca.pem, nil)
	awaitReady(t, s)
	return s
}

// TestCaller: the API server shows the certificate that its admission configuration names, and is answered; nobody else
// is. Probes are open to kubelets, which have none.
func TestCaller(t *testing.T) {
	s := byHand(t, "--client-ca-file", control.CallerCA(), "--client-name", cluster.CallerName)
	awaitPlaced(t)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trustAll, DisableKeepAlives: true}}
	response, err := client.Post("https://"+s.address+"/validate", "application/json", bytes.NewReader(nil))
	must(t, err)
	must(t, response.Body.Close())
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a certificate, a review is answered %s", response.Status)
	}
	for _, path := range []string{"/readyz", "/healthz"} {
		if code, text, err := s.get(t.Context(), path); code != http.StatusOK {
			t.Errorf("%s: %d %s %v", path, code, text, err)
		}
	}
}

// TestCallerOfAnotherName: whoever asked for the pod reads why the API server is sent away.
func TestCallerOfAnotherName(t *testing.T) {
	byHand(t, "--client-ca-file", control.CallerCA(), "--client-name", "aggregator")
	const want = `failed calling webhook "validate.polymoat.io": failed to call webhook: polymoat: the client certificate is of "` + cluster.CallerName + `", and --client-name accepts "aggregator"`
	tenant, pod := as(t, cluster.Tenant), run(t)
	await(t, "the refusal", func() error {
		err := create(t.Context(), tenant, pod)
		if err != nil && strings.HasSuffix(err.Error(), want) {
			return nil
		}
		return err
	})
}

// TestCallerOfAnotherAuthority is cured without a restart: the file is read again.
func TestCallerOfAnotherAuthority(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.crt")
	must(t, os.WriteFile(file, newAuthority(t).pem, 0o600))
	byHand(t, "--client-ca-file", file)
	tenant, pod := as(t, cluster.Tenant), run(t)
	await(t, "a refused handshake", func() error {
		err := create(t.Context(), tenant, pod)
		if err != nil && strings.Contains(err.Error(), "failed calling webhook") {
			return nil
		}
		return err
	})
	right, err := os.ReadFile(control.CallerCA())
	must(t, err)
	must(t, os.WriteFile(file, right, 0o600))
	awaitPlaced(t)
}
