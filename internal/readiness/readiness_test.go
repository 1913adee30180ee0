package readiness

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/certs"
	"github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/logging"
)

func TestReadiness(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	pair := &tls.Certificate{
		Certificate: [][]byte{{0}},
		Leaf:        &x509.Certificate{NotBefore: begin, NotAfter: begin.Add(time.Hour)},
	}
	for name, tc := range map[string]struct {
		pair     *tls.Certificate
		err      error
		after    time.Duration
		nodes    func() bool
		stopping bool
		want     string
	}{
		"a valid certificate":         {pair: pair, after: time.Minute, want: "ready"},
		"no certificate":              {want: "not ready: there is no serving certificate"},
		"no certificate, with reason": {err: errors.New("there is no serving certificate yet"), want: "not ready: there is no serving certificate yet"},
		"an expired certificate":      {pair: pair, after: 2 * time.Hour, want: "not ready: the serving certificate expired at 2026-01-01T01:00:00Z"},
		"a certificate of the future": {pair: pair, after: -time.Hour, want: "not ready: the serving certificate begins at 2026-01-01T00:00:00Z"},
		"nodes that are listed":       {pair: pair, nodes: func() bool { return true }, want: "ready"},
		"everything at once": {
			nodes: func() bool { return false }, stopping: true,
			want: "not ready: shutting down; the nodes of the cluster are not listed yet; there is no serving certificate",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Probe{
				Certificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return tc.pair, tc.err },
				NodesSynced: tc.nodes,
			}
			if tc.stopping {
				r.Stop()
			}
			if got := r.state(begin.Add(tc.after)).String(); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// webhookOf is a configuration with one webhook, at the Service of that name.
func webhookOf(kind, service string, ca []byte) cluster.Configuration {
	return cluster.Configuration{Kind: kind, Name: "polymoat", State: cluster.Present, Webhooks: []cluster.Webhook{{
		Name: "validate.polymoat.io",
		ClientConfig: admissionregistrationv1.WebhookClientConfig{
			CABundle: ca, Service: &admissionregistrationv1.ServiceReference{Namespace: "polymoat-system", Name: service, Path: ptr.To("/validate")},
		},
	}}}
}

// pairOf makes a self-signed pair, and returns it with what must stand in a caBundle for it.
func pairOf(t *testing.T) (*tls.Certificate, []byte) {
	t.Helper()
	dir := t.TempDir()
	watcher, err := certs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := watcher.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return pair, []byte(readFile(t, dir+"/"+certs.CertName))
}

func TestTrustOfConfigurations(t *testing.T) {
	const validating, mutating = "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"
	pair, ca := pairOf(t)
	_, otherCA := pairOf(t)
	for name, tc := range map[string]struct {
		configurations []cluster.Configuration
		want           string
	}{
		"both accept it":  {[]cluster.Configuration{webhookOf(mutating, "polymoat", ca), webhookOf(validating, "polymoat", ca)}, "ready"},
		"a bundle of two": {[]cluster.Configuration{webhookOf(validating, "polymoat", append(append([]byte{}, otherCA...), ca...))}, "ready"},
		"not read yet": {
			[]cluster.Configuration{{Kind: mutating, Name: "polymoat"}},
			`not ready: MutatingWebhookConfiguration "polymoat" is not read yet`,
		},
		"not installed": {
			[]cluster.Configuration{{Kind: mutating, Name: "polymoat", State: cluster.Missing}},
			`ready; MutatingWebhookConfiguration "polymoat" is not there, so that the API server asks nothing through it`,
		},
		"not allowed to read": {
			[]cluster.Configuration{{Kind: validating, Name: "polymoat", State: cluster.Forbidden}},
			`ready; ValidatingWebhookConfiguration "polymoat" may not be read, so nobody knows whether it accepts the serving certificate; let RBAC allow to get, list and watch it`,
		},
		"another authority": {
			[]cluster.Configuration{webhookOf(mutating, "polymoat", ca), webhookOf(validating, "polymoat", otherCA)},
			`not ready: ValidatingWebhookConfiguration "polymoat" does not accept the serving certificate: the caBundle of webhook "validate.polymoat.io" lacks the authority that signed it; add it there`,
		},
		"no caBundle": {
			[]cluster.Configuration{webhookOf(validating, "polymoat", nil)},
			`not ready: ValidatingWebhookConfiguration "polymoat" does not accept the serving certificate: webhook "validate.polymoat.io" has no caBundle; write the authority that signed the certificate there`,
		},
		"another name": {
			[]cluster.Configuration{webhookOf(validating, "moat", ca)},
			`not ready: ValidatingWebhookConfiguration "polymoat" does not accept the serving certificate: webhook "validate.polymoat.io": ` + nameProblem(pair, "moat.polymoat-system.svc"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := trusting(pair, func() []cluster.Configuration { return tc.configurations })
			if got := r.state(time.Now()).String(); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// nameProblem is x509's own sentence: it lists the names of this machine.
func nameProblem(pair *tls.Certificate, name string) string {
	return pair.Leaf.VerifyHostname(name).Error()
}

func trusting(pair *tls.Certificate, configurations func() []cluster.Configuration) *Probe {
	return &Probe{
		Certificate:    func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair, nil },
		NodesSynced:    func() bool { return true },
		Configurations: configurations,
		Log:            slog.New(slog.DiscardHandler),
	}
}

// TestPatience: whoever was ready stays so while the files of a mounted Secret may still be on their way; whoever was
// not, waits for them.
func TestPatience(t *testing.T) {
	pair, ca := pairOf(t)
	_, otherCA := pairOf(t)
	bundle, now := otherCA, time.Now()
	r := trusting(pair, func() []cluster.Configuration {
		return []cluster.Configuration{webhookOf("ValidatingWebhookConfiguration", "polymoat", bundle)}
	})
	for _, step := range []struct {
		what   string
		after  time.Duration
		bundle []byte
		want   string // of the beginning
	}{
		{"never accepted", 0, otherCA, "not ready: ValidatingWebhookConfiguration"},
		{"still not, after long", time.Hour, otherCA, "not ready: ValidatingWebhookConfiguration"},
		{"accepted", time.Hour, ca, "ready"},
		{"another authority", time.Hour, otherCA, "ready; ValidatingWebhookConfiguration"},
		{"for less than two minutes", time.Hour + patience - 1, otherCA, "ready; ValidatingWebhookConfiguration"},
		{"for two minutes", time.Hour + patience, otherCA, "not ready: ValidatingWebhookConfiguration"},
		{"accepted again", 2 * time.Hour, ca, "ready"},
		{"another authority, anew", 3 * time.Hour, otherCA, "ready; ValidatingWebhookConfiguration"},
	} {
		bundle = step.bundle
		if got := r.state(now.Add(step.after)).String(); !strings.HasPrefix(got, step.want) || step.want == "ready" && got != "ready" {
			t.Errorf("%s: got %s", step.what, got)
		}
	}
}

// TestReadinessIsTold: the log hears of every change once, and who asks is told what is worth knowing.
func TestReadinessIsTold(t *testing.T) {
	pair, ca := pairOf(t)
	configuration := cluster.Configuration{Kind: "MutatingWebhookConfiguration", Name: "polymoat", State: cluster.Missing}
	r := trusting(pair, func() []cluster.Configuration { return []cluster.Configuration{configuration} })
	var output strings.Builder
	log, err := logging.New(&output, "info")
	if err != nil {
		t.Fatal(err)
	}
	r.Log = log
	const note = `MutatingWebhookConfiguration "polymoat" is not there, so that the API server asks nothing through it`
	for range 2 {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, nil)
		if got := w.Body.String(); w.Code != 200 || got != "ok\n"+note+"\n" {
			t.Errorf("got %d %s", w.Code, got)
		}
	}
	configuration = webhookOf("MutatingWebhookConfiguration", "polymoat", ca)
	r.ServeHTTP(httptest.NewRecorder(), nil)
	lines := strings.Split(strings.TrimSpace(output.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"level":"WARN","msg":"ready; Mutating`) || !strings.Contains(lines[1], `"level":"INFO","msg":"ready"`) {
		t.Errorf("the log says:\n%s", output.String())
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
