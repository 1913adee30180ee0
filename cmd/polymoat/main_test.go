package main

import (
	"bytes"
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
	"syscall"
	"testing"
	"time"

	"github.com/polymoat/polymoat/internal/build"
	"github.com/polymoat/polymoat/internal/freeport"
)

// asCommand makes the test binary behave as polymoat: the tests run real processes.
const asCommand = "POLYMOAT_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

func command(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], args...)
	c.Env = append(os.Environ(), asCommand+"=1")
	var output bytes.Buffer
	c.Stdout, c.Stderr = &output, &output
	return c, &output
}

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte("apiVersion: polymoat.io/v1alpha1\nkind: PlacementPolicy\nspec: {colour: red, flavour: sour}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		args []string
		code int
		want []string // parts of what is printed
	}{
		"an unknown flag":             {[]string{"--prot", "1"}, 2, []string{"polymoat: unknown flag: --prot; see polymoat --help\n"}},
		"a port that is none":         {[]string{"--port", "https"}, 2, []string{`polymoat: invalid argument "https" for "--port" flag`, "; see polymoat --help\n"}},
		"a word":                      {[]string{"serve"}, 2, []string{"polymoat: \"serve\" is no flag; see polymoat --help\n"}},
		"a level that is none":        {[]string{"--log-level", "loud"}, 2, []string{"polymoat: --log-level is \"loud\", not debug, info, warn or error\n"}},
		"a policy with mistakes":      {[]string{"--policy", bad, "--no-cluster", "--cert-dir", dir}, 1, []string{"bad.yaml", "colour", "flavour"}},
		"a policy that is not there":  {[]string{"--policy", dir + "/none"}, 1, []string{"polymoat: read the policy: stat " + dir + "/none: no such file or directory\n"}},
		"no cluster where one is due": {[]string{"--cert-dir", dir, "--kubeconfig", dir + "/none"}, 1, []string{"polymoat: connect to the cluster: stat " + dir + "/none: no such file or directory\n"}},
		"a source that is none":       {[]string{"--cert-source", "vault"}, 2, []string{"polymoat: invalid argument \"vault\" for \"--cert-source\" flag: it is files or self-managed; see polymoat --help\n"}},
		"a Secret without namespace":  {[]string{"--cert-secret", "tls"}, 2, []string{"polymoat: invalid argument \"tls\" for \"--cert-secret\" flag: it is NAMESPACE/NAME; see polymoat --help\n"}},
		"a Secret without a cluster":  {[]string{"--cert-source", "self-managed", "--no-cluster"}, 2, []string{"polymoat: --cert-source self-managed keeps the certificate in a Secret, which --no-cluster cannot reach; drop one of the two\n"}},
		"an audit without a cluster":  {[]string{"--audit-lease", "polymoat-system/polymoat-audit", "--no-cluster"}, 2, []string{"polymoat: --audit-lease is for the audit of a cluster, which --no-cluster does not look at; drop one of the two\n"}},
		"reports of no audit":         {[]string{"--audit-reports"}, 2, []string{"polymoat: --audit-reports needs --audit-lease, which says by which Lease the replica is chosen that writes them\n"}},
		"events without a cluster":    {[]string{"--events", "--no-cluster"}, 2, []string{"polymoat: --events writes to a cluster, which --no-cluster does not look at; drop one of the two\n"}},
		"too few bytes in flight":     {[]string{"--max-in-flight", "1Mi"}, 2, []string{"polymoat: invalid argument \"1Mi\" for \"--max-in-flight\" flag: it is a number of bytes, 7Mi or more: 32Mi; see polymoat --help\n"}},
		"names of no clients":         {[]string{"--client-name", "jane"}, 2, []string{"polymoat: --client-name needs --client-ca-file, which says whose certificates are believed\n"}},
		"no authorities of clients":   {[]string{"--no-cluster", "--cert-dir", dir + "/tls", "--client-ca-file", dir + "/none"}, 1, []string{"polymoat: --client-ca-file: open " + dir + "/none: no such file or directory\n"}},
		"a collector by URL":          {[]string{"--tracing-endpoint", "http://collector:4317"}, 2, []string{"polymoat: invalid argument \"http://collector:4317\" for \"--tracing-endpoint\" flag: it is HOST:PORT, without a scheme; see polymoat --help\n"}},
		"a collector without port":    {[]string{"--tracing-endpoint", "collector:otlp"}, 2, []string{"polymoat: invalid argument \"collector:otlp\" for \"--tracing-endpoint\" flag: the port is \"otlp\", not a number from 1 to 65535; see polymoat --help\n"}},
		"metrics that nobody guards":  {[]string{"--no-cluster", "--metrics-bind-address", "127.0.0.1:0"}, 2, []string{"polymoat: --metrics-bind-address needs --metrics-secure=false with --no-cluster: nobody says there who may read metrics\n"}},
		"the version":                 {[]string{"--version"}, 0, []string{"polymoat " + build.Read().String() + "\n"}},
		"help names every flag":       {[]string{"--help"}, 0, []string{"--no-cluster", "--port uint16", "--cert-source source", "--cert-dir string", "--cert-secret namespace/name", "--dns-name stringArray", "--webhook-configuration string", "--client-ca-file string", "--client-name stringArray", "--policy string", "--tracing-endpoint host:port", "--max-in-flight bytes", "--shutdown-delay duration"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, output := command(t, tc.args...)
			_ = c.Run()
			if got := c.ProcessState.ExitCode(); got != tc.code {
				t.Errorf("got exit code %d, want %d", got, tc.code)
			}
			for _, want := range tc.want {
				if !strings.Contains(output.String(), want) {
					t.Errorf("it does not print %q:\n%s", want, output)
				}
			}
		})
	}
}

// TestSignal: SIGTERM and SIGINT end a server with 0; a review in flight is answered first.
func TestSignal(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(signal.String(), func(t *testing.T) {
			port, probes, metrics := freePort(t), freePort(t), freePort(t)
			c, output := command(t, "--no-cluster", "--port", port, "--cert-dir", t.TempDir(), "--shutdown-delay", "0s",
				"--health-probe-bind-address", "127.0.0.1:"+probes, "--metrics-bind-address", "127.0.0.1:"+metrics, "--metrics-secure=false")
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			connection := dial(t, port, probes)
			body := `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"in-flight","operation":"DELETE"}}`
			send(t, connection, fmt.Sprintf("POST /validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:10]))
			await(t, "the review is in flight", func() bool {
				_, rest, served := strings.Cut(get(metrics, "/metrics"), "polymoat_in_flight_bytes{state=\"arriving\"} ")
				return served && !strings.HasPrefix(rest, "0\n")
			})
			if err := c.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			await(t, "the port is closed", func() bool { return !open(port) })
			send(t, connection, body[10:])
			answer := make([]byte, 4096)
			n, err := connection.Read(answer)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(answer[:n]); !strings.Contains(got, "200 OK") || !strings.Contains(got, `"uid":"in-flight","allowed":true`) {
				t.Errorf("the review in flight was answered %s", got)
			}
			if err := c.Wait(); err != nil {
				t.Errorf("%v:\n%s", err, output)
			}
		})
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address()
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// open says whether somebody listens on the port.
func open(port string) bool {
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

// await polls until it holds, for 20 seconds at most.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(20 * time.Second); !holds(); {
		select {
		case <-deadline:
			t.Fatalf("not in 20 seconds: %s", what)
		case <-tick.C:
		}
	}
}

var trustAll = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // a test on loopback

// get is what a server on this machine answers; empty where nobody does.
func get(port, path string) string {
	response, err := http.Get("http://127.0.0.1:" + port + path)
	if err != nil {
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body)
	return string(text)
}

// dial waits until the server is ready.
func dial(t *testing.T, port, probes string) *tls.Conn {
	t.Helper()
	await(t, "the server is ready", func() bool { return get(probes, "/readyz") == "ok\n" })
	connection, err := tls.Dial("tcp", "127.0.0.1:"+port, trustAll)
	if err != nil {
		t.Fatal(errors.Join(errors.New("dial"), err))
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

func send(t *testing.T, connection *tls.Conn, text string) {
	t.Helper()
	if _, err := connection.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}
