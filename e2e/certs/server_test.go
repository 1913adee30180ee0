package certs_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// server is a running polymoat.
type server struct {
	address string // 127.0.0.1:9443
	probes  string // of /healthz and /readyz
	metrics string // of /metrics
	log     string // its file
	// ready is what the last probe found.
	ready atomic.Bool
}

// trustAll is for probes: a kubelet does not look at the certificate either.
var trustAll = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // as a kubelet

// startServer runs a server with the flags until the test ends, and probes it all the time.
func startServer(t *testing.T, flags ...string) *server {
	t.Helper()
	s := &server{address: freeAddress(t), probes: freeAddress(t), metrics: freeAddress(t), log: filepath.Join(t.TempDir(), "log")}
	_, port, err := net.SplitHostPort(s.address)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(s.log)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append([]string{
		"--port", port, "--kubeconfig", control.Kubeconfig(serviceAccount), "--shutdown-delay", "0s",
		"--health-probe-bind-address", s.probes, "--metrics-bind-address", s.metrics, "--metrics-secure=false",
	}, flags...)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	go s.probe(ctx)
	t.Cleanup(func() {
		stop()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("polymoat: %v", err)
		}
		_ = log.Close()
		if text, _ := os.ReadFile(s.log); t.Failed() {
			t.Logf("the server at %s says:\n%s", s.address, text)
		}
	})
	return s
}

// probe keeps ready up to date.
func (s *server) probe(ctx context.Context) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		s.ready.Store(s.readyz(ctx) == nil)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// readyz says why the server is not ready, in its own words.
func (s *server) readyz(ctx context.Context) error {
	code, text, err := s.get(ctx, "/readyz")
	if err == nil && code != http.StatusOK {
		err = errors.New(text)
	}
	return err
}

func (s *server) get(ctx context.Context, path string) (int, string, error) {
	address := s.probes
	if path == "/metrics" {
		address = s.metrics
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return 0, "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, strings.TrimSpace(string(body)), err
}

// leaf is the certificate that the server shows to a new connection.
func (s *server) leaf() (*x509.Certificate, error) {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	connection, err := tls.DialWithDialer(dialer, "tcp", s.address, trustAll)
	if err != nil {
		return nil, err
	}
	defer func() { _ = connection.Close() }()
	return connection.ConnectionState().PeerCertificates[0], nil
}

// awaitReady waits until all servers are ready.
func awaitReady(t *testing.T, servers ...*server) {
	t.Helper()
	for _, s := range servers {
		await(t, "ready", func() error { return s.readyz(t.Context()) })
	}
}

// awaitLeaf waits until all servers show one and the same certificate, another than before, and returns its serial number.
func awaitLeaf(t *testing.T, before string, servers ...*server) string {
	t.Helper()
	var serial string
	await(t, "another certificate on every server", func() error {
		for i, s := range servers {
			leaf, err := s.leaf()
			switch {
			case err != nil:
				return err
			case leaf.SerialNumber.String() == before:
				return fmt.Errorf("%s still shows %s", s.address, before)
			case i > 0 && leaf.SerialNumber.String() != serial:
				return fmt.Errorf("%s shows %s, another one shows %s", s.address, leaf.SerialNumber, serial)
			}
			serial = leaf.SerialNumber.String()
		}
		return nil
	})
	return serial
}

// install creates the shipped webhook configurations, with an address in the place of the Service, for the test's time.
func install(t *testing.T, url string, ca []byte, annotations map[string]string) {
	t.Helper()
	admin := as(t, cluster.Admin)
	for _, object := range shipped {
		object = object.DeepCopy()
		if err := cluster.PointAt(object, url, ca, nil); err != nil {
			t.Fatal(err)
		}
		object.SetAnnotations(annotations)
		if err := admin.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := admin.Delete(context.WithoutCancel(t.Context()), object); err != nil {
				t.Error(err)
			}
		})
	}
}
