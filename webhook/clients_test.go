package webhook

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// brief are limits that a test can wait for.
var brief = limits{
	connections: 64, streams: 10, header: 8 << 10,
	greeting: 2 * time.Second, request: 2 * time.Second, answer: 2 * time.Second, idle: 2 * time.Second, ping: 2 * time.Second,
}

// TestLimits holds the limits of a server that runs: an API server waits for 30 seconds at most, and keeps a connection
// that it does not use for 90.
func TestLimits(t *testing.T) {
	want := limits{
		connections: 1024, streams: 60, header: 65536, greeting: 10 * time.Second, request: 15 * time.Second,
		answer: 40 * time.Second, idle: 90 * time.Second, ping: 15 * time.Second,
	}
	if patient != want {
		t.Errorf("got %+v, want %+v", patient, want)
	}
	s := patient.server(nil)
	got := limits{
		patient.connections, s.HTTP2.MaxConcurrentStreams, s.MaxHeaderBytes,
		s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout, s.HTTP2.PingTimeout,
	}
	if got != want || s.HTTP2.SendPingTimeout != want.ping {
		t.Errorf("the server has %+v, want %+v", got, want)
	}
	if unread := got.streams * s.HTTP2.MaxReceiveBufferPerStream; unread > s.HTTP2.MaxReceiveBufferPerConnection {
		t.Errorf("%d bytes may wait unread in a connection that holds %d", unread, s.HTTP2.MaxReceiveBufferPerConnection)
	}
}

// TestBadClients: whoever is slow, silent or gone is cut off by the server, and reviews go on meanwhile.
func TestBadClients(t *testing.T) {
	r := start(t, Options{limits: brief})
	for name, misbehave := range map[string]func(*testing.T, *running) net.Conn{
		"says nothing":                   dial,
		"begins a handshake":             beginsHandshake,
		"says nothing after a handshake": greets,
		"begins a header":                sends("POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Ty"),
		"begins a body":                  sends("POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"),
		"goes on asking nothing":         sends("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"),
		"has a header of a megabyte":     sends("GET /healthz HTTP/1.1\r\nHost: a\r\nA: " + strings.Repeat("a", 1<<20)),
		"says nothing over HTTP/2":       speaksHTTP2(func(*http2.Framer) error { return nil }),
		"begins a body over HTTP/2":      speaksHTTP2(func(f *http2.Framer) error { return openStream(f, 1, false) }),
		"takes no answer over HTTP/2":    speaksHTTP2(takesNothing),
		"begins a frame over HTTP/2":     sendsHTTP2("\x00\x00\x64\x01\x04\x00\x00\x00\x01"), // a header of 100 bytes, of which none comes
		"resets streams without end":     speaksHTTP2(resetsStreams),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection := misbehave(t, r)
			closed := make(chan error, 1)
			go func() { closed <- awaitClosed(connection) }()
			r.answersReviews(t)
			if err := <-closed; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestMostConnections: where all connections are taken by silent clients, a review waits until one of them is cut off.
func TestMostConnections(t *testing.T) {
	few := brief
	few.connections = 3
	r := start(t, Options{limits: few})
	for range few.connections {
		_ = dial(t, r)
	}
	r.answersReviews(t)
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
	r.answersReviews(t)
}

// endless is a body of blanks.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// answersReviews sends a review over a connection of its own.
func (r *running) answersReviews(t *testing.T) {
	t.Helper()
	response, err := r.client().Post("https://"+r.address+"/mutate?timeout=5s", "application/json", bytes.NewReader(benchmarkReview(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if answer, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK || !bytes.Contains(answer, []byte(`"allowed":true`)) {
		t.Errorf("a review is answered %s %s (%v)", response.Status, answer, err)
	}
}

// awaitClosed reads until the server closes the connection, which it must do in time.
func awaitClosed(connection net.Conn) error {
	if err := connection.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, connection)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("the server has not closed the connection in 20 seconds")
	}
	return nil
}

func dial(t *testing.T, r *running) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

func beginsHandshake(t *testing.T, r *running) net.Conn {
	t.Helper()
	connection := dial(t, r)
	tell(t, connection, "\x16\x03\x01\x02\x00\x01") // a ClientHello of 512 bytes, of which one comes
	return connection
}

func dialTLS(t *testing.T, r *running, protocol string) net.Conn {
	t.Helper()
	config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{protocol}} //nolint:gosec // a test on loopback
	connection := tls.Client(dial(t, r), config)
	if err := connection.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return connection
}

func greets(t *testing.T, r *running) net.Conn {
	t.Helper()
	return dialTLS(t, r, "http/1.1")
}

// tell goes on where the server has closed the connection already: that is what is waited for.
func tell(t *testing.T, connection net.Conn, text string) {
	t.Helper()
	if _, err := connection.Write([]byte(text)); err != nil {
		t.Log(err)
	}
}

func sends(text string) func(*testing.T, *running) net.Conn {
	return func(t *testing.T, r *running) net.Conn {
		t.Helper()
		connection := greets(t, r)
		tell(t, connection, text)
		return connection
	}
}

// speaksHTTP2 greets the server, then does what it is told to.
func speaksHTTP2(do func(*http2.Framer) error) func(*testing.T, *running) net.Conn {
	return func(t *testing.T, r *running) net.Conn {
		t.Helper()
		connection := dialTLS(t, r, "h2")
		tell(t, connection, http2.ClientPreface)
		framer := http2.NewFramer(connection, nil)
		if err := framer.WriteSettings(); err != nil {
			t.Fatal(err)
		}
		if err := do(framer); err != nil {
			t.Log(err)
		}
		return connection
	}
}

// sendsHTTP2 greets the server, then sends bytes.
func sendsHTTP2(text string) func(*testing.T, *running) net.Conn {
	return func(t *testing.T, r *running) net.Conn {
		t.Helper()
		connection := speaksHTTP2(func(*http2.Framer) error { return nil })(t, r)
		tell(t, connection, text)
		return connection
	}
}

// openStream sends the header of a review.
func openStream(f *http2.Framer, id uint32, end bool) error {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range []hpack.HeaderField{
		{Name: ":method", Value: "POST"},
		{Name: ":scheme", Value: "https"},
		{Name: ":authority", Value: "a"},
		{Name: ":path", Value: "/mutate"},
		{Name: "content-type", Value: "application/json"},
	} {
		if err := encoder.WriteField(field); err != nil {
			return err
		}
	}
	return f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: end})
}

// takesNothing asks, and leaves the server no window to answer.
func takesNothing(f *http2.Framer) error {
	return errors.Join(f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}), openStream(f, 1, true))
}

// resetsStreams opens streams and takes them back at once, more than the server has to bear.
func resetsStreams(f *http2.Framer) error {
	for i := range uint32(2000) {
		if err := errors.Join(openStream(f, 2*i+1, false), f.WriteRSTStream(2*i+1, http2.ErrCodeCancel)); err != nil {
			return err
		}
	}
	return nil
}
