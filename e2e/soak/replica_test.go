package soak_test

import (
	"bytes"
	"context"
	"crypto/tls"
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

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// replica is a server as a process of its own, with the memory limit that the chart gives it.
type replica struct {
	address string // 127.0.0.1:9443
	probes  string // of /healthz and /readyz
	metrics string // of /metrics
	log     string // its file
	cmd     *exec.Cmd
	ended   chan error
	ready   atomic.Bool // what the last probe found
	stop    context.CancelFunc
}

// trustAll is for probes: a kubelet does not look at the certificate either.
var trustAll = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // as a kubelet

// startReplica starts a server, and returns when it is ready. It ends with the test, unless it is retired before.
func startReplica(t *testing.T, flags ...string) *replica {
	t.Helper()
	r := &replica{address: freeAddress(t), probes: freeAddress(t), metrics: freeAddress(t), log: filepath.Join(t.TempDir(), "log"), ended: make(chan error, 1)}
	_, port, err := net.SplitHostPort(r.address)
	must(t, err)
	log, err := os.Create(r.log)
	must(t, err)
	r.cmd = exec.Command(program, append([]string{
		"--port", port, "--kubeconfig", control.Kubeconfig(serviceAccount), "--shutdown-delay", "1s",
		"--health-probe-bind-address", r.probes, "--metrics-bind-address", r.metrics, "--metrics-secure=false",
		"--cert-source", "self-managed", "--dns-name", "127.0.0.1", "--audit-lease", cluster.System + "/polymoat-audit",
	}, flags...)...)
	r.cmd.Env = append(os.Environ(), "GOMEMLIMIT=256MiB")
	r.cmd.Stdout, r.cmd.Stderr, r.cmd.SysProcAttr = log, log, cluster.ChildAttributes()
	must(t, r.cmd.Start())
	go func() { r.ended <- errors.Join(r.cmd.Wait(), log.Close()) }()
	ctx, stop := context.WithCancel(t.Context())
	r.stop = stop
	go r.probe(ctx)
	t.Cleanup(func() {
		stop()
		_ = r.cmd.Process.Kill()
		if text, _ := os.ReadFile(r.log); t.Failed() {
			t.Logf("the server at %s says:\n%s", r.address, text[max(0, len(text)-3000):])
		}
	})
	await(t, "a replica that is ready", func() error { _, err := r.get(t.Context(), "/readyz"); return err })
	r.ready.Store(true)
	return r
}

// probe keeps ready up to date.
func (r *replica) probe(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_, err := r.get(ctx, "/readyz")
			r.ready.Store(err == nil)
		}
	}
}

func (r *replica) get(ctx context.Context, path string) ([]byte, error) {
	address := r.probes
	if path == "/metrics" {
		address = r.metrics
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(body)))
	}
	return body, err
}

// retire ends the replica as the end of its pod does: it must finish what is in flight.
func (r *replica) retire(t *testing.T) {
	t.Helper()
	must(t, r.cmd.Process.Signal(syscall.SIGTERM))
	await(t, "the end of a server that was told to stop", func() error {
		select {
		case err := <-r.ended:
			r.stop()
			if err != nil {
				t.Errorf("a server that was told to stop ended with %v", err)
			}
			return nil
		default:
			return errors.New("it runs")
		}
	})
}

// leaf is the serial number of the certificate that the replica shows to a new connection.
func (r *replica) leaf() (string, error) {
	connection, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", r.address, trustAll)
	if err != nil {
		return "", err
	}
	defer func() { _ = connection.Close() }()
	return connection.ConnectionState().PeerCertificates[0].SerialNumber.String(), nil
}

// gauge is a metric without labels.
func (r *replica) gauge(ctx context.Context, name string) (float64, error) {
	text, err := r.get(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	if families[name] == nil {
		return 0, fmt.Errorf("%s is not told", name)
	}
	return families[name].Metric[0].Gauge.GetValue(), nil
}
