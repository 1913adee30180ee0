package webhook

import (
	"io"
	"strings"
	"testing"
	"time"
)

// TestShutdown: told to stop, the server says that it is not ready, goes on serving for the delay, and finishes what is
// in flight after that.
func TestShutdown(t *testing.T) {
	r := start(t, Options{ShutdownDelay: time.Second})
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
	eventually(t, "no new connections", func() bool { code, _ := r.get(t, "/healthz"); return code == 0 })
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

// TestShutdownTimeout: a client that never finishes does not hold the process for ever.
func TestShutdownTimeout(t *testing.T) {
	leavesNothing(t)
	r := start(t, Options{ShutdownTimeout: 100 * time.Millisecond})
	reader, writer := io.Pipe()
	defer func() { _ = writer.Close() }()
	go func() { _, _ = r.client().Post("https://"+r.address+"/mutate", "application/json", reader) }() //nolint:bodyclose // there is none
	if _, err := writer.Write([]byte("{")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the review is in flight", func() bool {
		_, text := r.get(t, "/metrics")
		return strings.Contains(text, "polymoat_in_flight_bytes{state=\"working\"} 7.34") // it does not say how long it is
	})
	r.stop()
	if err := <-r.ended; err == nil || err.Error() != "shut down: reviews were still in flight after 100ms" {
		t.Errorf("got error %v", err)
	}
}

// TestWhatDoesNotEnd: a part that answers nobody, and goes on, keeps no server from ending.
func TestWhatDoesNotEnd(t *testing.T) {
	s := &server{options: Options{ShutdownTimeout: -closing}}
	const want = "shut down: not everything had ended after 0s"
	if err := s.finish(t.Context(), make(chan error)); err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}
