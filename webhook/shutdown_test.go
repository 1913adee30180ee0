package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/polymoat/polymoat/webhook/serve"
)

// TestShutdown: told to stop, the server says that it is not ready, goes on serving for the delay, and finishes what is
// in flight after that.
func TestShutdown(t *testing.T) {
	r := start(t, Options{ShutdownDelay: time.Second / 2})
	body := benchmarkReview(t)
	reader, writer := io.Pipe()
	answered := make(chan string, 1)
	go func() {
		response, err := r.client().Post("https://"+r.address+"/mutate", "application/json", reader)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer func() { _ = response.Body.Close() }()
		answer, _ := io.ReadAll(response.Body)
		answered <- string(answer)
	}()
	if _, err := writer.Write(body[:100]); err != nil { // the review is in flight now
		t.Fatal(err)
	}
	r.stop()
	eventually(t, "not ready", func() bool {
		code, text := r.get(t, "/readyz")
		return code == 503 && text == "not ready: shutting down\n"
	})
	eventually(t, "no new connections", func() bool {
		c, err := net.Dial("tcp", r.address)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	if _, err := writer.Write(body[100:]); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	if got := <-answered; !strings.Contains(got, `"allowed":true`) {
		t.Errorf("the review in flight was answered %s", got)
	}
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

// TestLeaving: a server that is about to stop ends each connection with its answer. The API server then sends the next review
// over another one, and not over this one while it is closed.
func TestLeaving(t *testing.T) {
	r := start(t, Options{ShutdownDelay: 3 * time.Second})
	client := r.client()
	client.Transport.(*http.Transport).DisableKeepAlives = false
	defer client.CloseIdleConnections()
	ends := func() bool {
		response, err := client.Post("https://"+r.address+"/mutate", "application/json", bytes.NewReader(benchmarkReview(t)))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		return response.Close
	}
	if ends() {
		t.Error("it ends a connection while it serves")
	}
	r.stop()
	eventually(t, "the end of the connection", ends)
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

// TestShutdownTimeout: a client that never finishes does not hold the process forever.
func TestShutdownTimeout(t *testing.T) {
	leavesNothing(t)
	r := start(t, Options{ShutdownTimeout: 100 * time.Millisecond})
	reader, writer := io.Pipe()
	defer func() { _ = writer.Close() }()
	go func() { _, _ = r.client().Post("https://"+r.address+"/mutate", "application/json", reader) }() //nolint:bodyclose // there is none
	if _, err := writer.Write(bytes.Repeat([]byte(" "), 50_000)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the review is in flight", func() bool {
		_, text := r.get(t, "/metrics")
		_, rest, _ := strings.Cut(text, "polymoat_in_flight_bytes{state=\"arriving\"} ")
		var arrived int
		_, _ = fmt.Sscan(rest, &arrived)
		return arrived > 50_000
	})
	r.stop()
	if err := <-r.ended; err == nil || err.Error() != "shut down: reviews were still in flight after 100ms" {
		t.Errorf("got error %v", err)
	}
}

// TestWhatDoesNotEnd: a part that goes on keeps no server from ending.
func TestWhatDoesNotEnd(t *testing.T) {
	goesOn := make(chan struct{})
	defer close(goesOn)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{
		options:   Options{ShutdownTimeout: -closing},
		runnables: []manager.Runnable{everywhere(func(context.Context) error { <-goesOn; return nil })},
		reviews:   &reviews{Server: serve.New(serve.Options{Listener: listener, TLS: &tls.Config{}, Log: slog.New(slog.DiscardHandler)})},
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	const want = "shut down: not everything had ended after 0s"
	if err := s.startAlone(ctx); err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}
