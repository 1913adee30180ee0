package serve_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/polymoat/polymoat/webhook/serve"
)

// TestFrame: the server means what controller-runtime's means, and its handlers work behind it.
func TestFrame(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var s webhook.Server = serve.New(serve.Options{Listener: listener, TLS: serverTLS(), Log: slog.New(slog.DiscardHandler), ShutdownTimeout: time.Second})
	if s.NeedLeaderElection() {
		t.Error("only a leader serves")
	}
	s.Register("/validate", &webhook.Admission{Handler: admission.HandlerFunc(func(context.Context, admission.Request) admission.Response {
		return admission.Allowed("")
	})})
	started := s.StartedChecker()
	const want = "the webhook server has not been started yet"
	probe, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := started(probe); err == nil || err.Error() != want {
		t.Errorf("before the start: %v, want %s", err, want)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Start(ctx) }()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	review := `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u-1"}}`
	response, err := client.Post("https://"+listener.Addr().String()+"/validate?timeout=5s", "application/json", strings.NewReader(review))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(response.Body)
	if _ = response.Body.Close(); err != nil || !bytes.Contains(answer, []byte(`"uid":"u-1","allowed":true`)) {
		t.Errorf("answered %s, %v", answer, err)
	}
	if err := started(probe); err != nil {
		t.Errorf("after the start: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := started(probe); err == nil || !strings.HasPrefix(err.Error(), "the webhook server is not reachable: dial tcp ") {
		t.Errorf("after the end: %v", err)
	}
}

// TestNoHTTP2: it is not offered, whatever the configuration says.
func TestNoHTTP2(t *testing.T) {
	for name, tc := range map[string]struct {
		choose func(*tls.ClientHelloInfo) (*tls.Config, error)
		offers []string
		want   string
	}{
		"both offered":            {nil, []string{"h2", "http/1.1"}, "http/1.1"},
		"a configuration of each": {func(*tls.ClientHelloInfo) (*tls.Config, error) { return serverTLS(), nil }, []string{"h2", "http/1.1"}, "http/1.1"},
		"no other configuration":  {func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, nil }, []string{"h2", "http/1.1"}, "http/1.1"},
		"nothing else offered":    {nil, []string{"h2"}, "remote error: tls: no application protocol"},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			config := serverTLS()
			config.GetConfigForClient = tc.choose
			s := serve.New(serve.Options{Listener: listener, TLS: config, Log: slog.New(slog.DiscardHandler)})
			go func() { _ = s.Start(t.Context()) }()
			dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: tc.offers}}
			c, err := dialer.DialContext(t.Context(), "tcp", listener.Addr().String())
			got := fmt.Sprint(err)
			if err == nil {
				got = c.(*tls.Conn).ConnectionState().NegotiatedProtocol
				_ = c.Close()
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// TestEachIsAnswered: where more arrives than there is room for, whoever is sent away reads why. A connection that is closed with
// something unread would be reset, and its answer lost.
func TestEachIsAnswered(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serve.New(serve.Options{Listener: listener, TLS: serverTLS(), Log: slog.New(slog.DiscardHandler)})
	s.Register("/validate", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	go func() { _ = s.Start(t.Context()) }()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	body := bytes.Repeat([]byte(" "), 2<<20)
	var away atomic.Int32
	var running sync.WaitGroup
	for range 40 {
		running.Go(func() {
			response, err := client.Post("https://"+listener.Addr().String()+"/validate?timeout=30s", "application/json", bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
				away.Add(1)
			}
		})
	}
	running.Wait()
	t.Logf("%d of 40 were sent away", away.Load())
}

func TestRegisterTwice(t *testing.T) {
	s := serve.New(serve.Options{})
	defer func() {
		const want = "pattern \"/validate\""
		if got := fmt.Sprint(recover()); !strings.HasPrefix(got, want) {
			t.Errorf("panicked with %s, want %s ...", got, want)
		}
	}()
	s.Register("/validate", http.NotFoundHandler())
	s.Register("/validate", http.NotFoundHandler())
}

// serverTLS has a certificate that nobody signed.
func serverTLS() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"polymoat"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	certificate := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate, nil },
	}
}
