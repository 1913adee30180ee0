package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/polymoat/polymoat/certs"
	"github.com/polymoat/polymoat/internal/freeport"
)

// running is a server on real ports, over real TLS.
type running struct {
	address string // of the reviews
	metrics string // "HOST:PORT" of /metrics, to anybody
	probes  string // "HOST:PORT" of /healthz and /readyz
	dir     string // of the certificate
	stop    context.CancelFunc
	ended   chan error
}

// start returns when the server is ready.
func start(t *testing.T, o Options) *running {
	t.Helper()
	r := launch(t, o)
	eventually(t, "the server is ready", func() bool { code, _ := r.get(t, "/readyz"); return code == 200 })
	return r
}

func launch(t *testing.T, o Options) *running {
	t.Helper()
	policies, err := LoadPolicies("")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(freeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(port, &o.Port); err != nil {
		t.Fatal(err)
	}
	r := &running{address: "127.0.0.1:" + port, dir: t.TempDir(), ended: make(chan error, 1)}
	o.MetricsAddress, o.MetricsOpen, o.ProbeAddress = freeAddress(t), true, freeAddress(t)
	r.metrics, r.probes = o.MetricsAddress, o.ProbeAddress
	o.Certificate = Certificate{Source: certs.Files, Dir: r.dir}
	if o.ShutdownTimeout == 0 {
		o.ShutdownTimeout = 10 * time.Second
	}
	ctx, stop := context.WithCancel(t.Context())
	r.stop = stop
	go func() { r.ended <- Run(ctx, o, policies, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(stop)
	return r
}

// leavesNothing holds that whatever is started from now on has ended when the test does.
func leavesNothing(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, slices.Concat(exporters, []goleak.Option{before})...) })
}

func freeAddress(t testing.TB) string {
	t.Helper()
	address, err := freeport.Address()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in 20 seconds: %s", what)
		}
	}
}

// client trusts what is in the folder now, and uses a new connection each time.
func (r *running) client() *http.Client {
	roots := x509.NewCertPool()
	if pem, err := os.ReadFile(filepath.Join(r.dir, certs.CertName)); err == nil {
		roots.AppendCertsFromPEM(pem)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
}

// get returns 0 and the error where there is no answer.
func (r *running) get(t *testing.T, path string) (int, string) {
	t.Helper()
	address := r.probes
	if path == "/metrics" {
		address = r.metrics
	}
	return fetch(t, r.client(), "http://"+address+path)
}

func fetch(t *testing.T, client *http.Client, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
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

// TestServer: each port serves what it is for, and nothing of the others.
func TestServer(t *testing.T) {
	leavesNothing(t)
	r := start(t, Options{})
	if code, text := r.post(t, "/mutate"); code != 200 {
		t.Errorf("mutate answered %d %s", code, text)
	}
	for url, want := range map[string]struct {
		code int
		text string
	}{
		"https://" + r.address + "/healthz": {404, ""},
		"https://" + r.address + "/readyz":  {404, ""},
		"https://" + r.address + "/metrics": {404, ""},
		"https://" + r.address + "/":        {404, ""},
		"http://" + r.metrics + "/metrics":  {200, `polymoat_decisions_total{dry_run="false",mode="",policy="polyaxon",role="jobs",rule="",verdict="Allowed",webhook="mutate"} 1`},
		"http://" + r.metrics + "/mutate":   {404, ""},
		"http://" + r.probes + "/healthz":   {200, "ok\n"},
		"http://" + r.probes + "/readyz":    {200, "ok\n"},
		"http://" + r.probes + "/metrics":   {404, ""},
	} {
		if code, text := fetch(t, r.client(), url); code != want.code || !strings.Contains(text, want.text) {
			t.Errorf("%s answered %d %s", url, code, text)
		}
	}
	r.stop()
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

// TestCertificateReload: a pair that is replaced on disk is served without a restart; a broken one is not.
func TestCertificateReload(t *testing.T) {
	r, other := start(t, Options{}), t.TempDir()
	if _, err := certs.Open(other); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(r.dir, certs.KeyName), "half written")
	if code, text := r.post(t, "/mutate"); code != 200 {
		t.Errorf("with a broken key: %d %s", code, text)
	}
	for _, name := range []string{certs.KeyName, certs.CertName} {
		data, err := os.ReadFile(filepath.Join(other, name))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(r.dir, name), string(data))
	}
	eventually(t, "the new certificate is served", func() bool { code, _ := r.post(t, "/mutate"); return code == 200 })
}

func TestRunSaysWhatIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	taken := l.Addr().String()
	policies, err := LoadPolicies("")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Certificate: Certificate{Dir: t.TempDir()}, MetricsAddress: taken, MetricsOpen: true}
	if err := Run(t.Context(), o, policies, slog.New(slog.DiscardHandler)); err == nil || err.Error() != "listen tcp "+taken+": bind: address already in use" {
		t.Errorf("got error %v", err)
	}
}

// TestOversize: of a body without end no more is read than the bound, and its sender is told.
func TestOversize(t *testing.T) {
	r := start(t, Options{})
	response, err := r.client().Post("https://"+r.address+"/validate", "application/json", io.LimitReader(endless{}, 1<<30))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	const want = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",` +
		`"message":"polymoat: the body is larger than 7340032 bytes, the most that is read","reason":"RequestEntityTooLarge","code":413}`
	if string(text) != want {
		t.Errorf("answered %s %s (%v), want %s", response.Status, text, err, want)
	}
	if code, text := r.post(t, "/mutate"); code != 200 {
		t.Errorf("another review is answered %d %s", code, text)
	}
}

// endless is a body of blanks.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
