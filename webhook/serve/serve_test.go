package serve

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener without a network, so that time can be a test's own.
type pipes struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func newPipes() *pipes {
	return &pipes{connections: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (*pipes) Addr() net.Addr { return &net.TCPAddr{} }

// running is a server in a bubble, where time passes when nothing else happens.
type running struct {
	*Server
	t     *testing.T
	pipes *pipes
	stop  context.CancelFunc
	ended chan error

	mu   sync.Mutex
	away []string // why reviews were sent away
}

// sentAway keeps why.
func (r *running) sentAway(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = append(r.away, why)
}

// bubble runs a test with a server that has the limits of production.
func bubble(t *testing.T, o Options, hook http.HandlerFunc, test func(*running)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &running{t: t, pipes: newPipes(), ended: make(chan error, 1)}
		o.Listener, o.TLS, o.Log = r.pipes, testTLS(t), slog.New(slog.DiscardHandler)
		o.SentAway = r.sentAway
		r.Server = New(o)
		r.Register("/validate", hook)
		r.Register("/validate/core", hook)
		ctx, stop := context.WithCancel(t.Context())
		r.stop = stop
		go func() { r.ended <- r.Start(ctx) }()
		test(r)
		// What says goodbye has ended before the server closes it: inside of TLS one would wait for the other with a mutex, and
		// no time passes in a bubble meanwhile.
		time.Sleep(time.Minute)
		stop()
		time.Sleep(time.Minute) // what is closed has ended
	})
}

// dial returns a connection of TCP.
func (r *running) dial() net.Conn {
	near, far := net.Pipe()
	r.pipes.connections <- far
	return near
}

// greet returns a connection that is through its handshake.
func (r *running) greet() *tls.Conn {
	r.t.Helper()
	c := tls.Client(r.dial(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err := c.HandshakeContext(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	if got := c.ConnectionState().NegotiatedProtocol; got != "http/1.1" {
		r.t.Fatalf("the protocol is %q", got)
	}
	return c
}

// answer is what a request got, and when.
type answer struct {
	code  int
	body  string
	after time.Duration
	err   error
}

// ask sends text on a connection of its own, and returns the channel of its answer.
func (r *running) ask(text string) <-chan answer {
	answers := make(chan answer, 1)
	begun := time.Now()
	c := r.greet()
	go func() {
		defer func() { _ = c.Close() }()
		go func() { _, _ = io.WriteString(c, text) }()
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			answers <- answer{err: err, after: time.Since(begun)}
			return
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		answers <- answer{response.StatusCode, string(body), time.Since(begun), err}
	}()
	return answers
}

func post(path, rest string) string {
	return "POST " + path + " HTTP/1.1\r\nHost: polymoat\r\nContent-Type: application/json\r\n" + rest
}

func testTLS(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"polymoat"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return &tls.Config{
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate, nil },
	}
}

func status(code, reason, text string) string {
	return `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"` + text + `","reason":"` + reason + `","code":` + code + `}`
}

// TestWhole: a handler gets a body that is complete, however it was sent, and a deadline.
func TestWhole(t *testing.T) {
	var length int64
	var body string
	var left time.Duration
	hook := func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		deadline, _ := r.Context().Deadline()
		length, body, left = r.ContentLength, string(text), time.Until(deadline)
	}
	for name, tc := range map[string]struct {
		path, rest string
		left       time.Duration
	}{
		"with its length":  {"/validate?timeout=5s", "Content-Length: 2\r\n\r\n{}", 4500 * time.Millisecond},
		"in chunks":        {"/validate?timeout=30s", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", 27 * time.Second},
		"of a long caller": {"/validate?timeout=10m", "Content-Length: 2\r\n\r\n{}", 27 * time.Second},
		"of no timeout":    {"/validate/core", "Content-Length: 2\r\n\r\n{}", 9 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{}, hook, func(r *running) {
				if got := <-r.ask(post(tc.path, tc.rest)); got.code != 200 || got.err != nil {
					t.Errorf("answered %+v", got)
				}
				if length != 2 || body != "{}" || left != tc.left {
					t.Errorf("the handler got %d bytes %q and %s, want 2, {} and %s", length, body, left, tc.left)
				}
			})
		})
	}
}

// TestTurnedDown holds what callers read, and when.
func TestTurnedDown(t *testing.T) {
	tooLarge := status("413", "RequestEntityTooLarge", "polymoat: the body is larger than 7340032 bytes, the most that is read")
	for name, tc := range map[string]struct {
		rest string
		want answer
		kind string
	}{
		"it says that it is too large": {"Content-Length: 7340033\r\n\r\n", answer{code: 413, body: tooLarge}, "too-large"},
		"it is too large": {
			"Transfer-Encoding: chunked\r\n\r\n800000\r\n" + strings.Repeat(" ", 8<<20) + "\r\n0\r\n\r\n", answer{code: 413, body: tooLarge}, "too-large",
		},
		"a body that stops": {
			"Content-Length: 2\r\n\r\n{",
			answer{code: 503, body: status("503", "ServiceUnavailable", "polymoat: the body did not arrive within 2s"), after: 2 * time.Second}, "slow",
		},
		"a body that is no body": {
			"Transfer-Encoding: chunked\r\n\r\nnone\r\n",
			answer{code: 400, body: status("400", "BadRequest", "polymoat: the body ends early: invalid byte in chunk length")}, "body",
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{}, func(http.ResponseWriter, *http.Request) {}, func(r *running) {
				if got := <-r.ask(post("/validate?timeout=5s", tc.rest)); got != tc.want {
					t.Errorf("answered %+v, want %+v", got, tc.want)
				}
				r.mu.Lock()
				defer r.mu.Unlock()
				if len(r.away) != 1 || r.away[0] != tc.kind {
					t.Errorf("counted %q, want %q", r.away, tc.kind)
				}
			})
		})
	}
}

// TestHeaderIsNotPushedOut: of those that have sent too much, only one that can be told why is sent away. While a header is on
// its way, nobody can answer.
func TestHeaderIsNotPushedOut(t *testing.T) {
	bubble(t, Options{}, func(http.ResponseWriter, *http.Request) {}, func(r *running) {
		first := r.greet()
		if _, err := io.WriteString(first, "POST /validate?timeout=5s HTTP/1.1\r\n"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		var bodies []<-chan answer
		for range 3 {
			bodies = append(bodies, r.ask(post("/validate?timeout=5s", "Content-Length: 7340032\r\n\r\n"+strings.Repeat(" ", 7<<20-1))))
			synctest.Wait()
		}
		if got := <-bodies[0]; got.code != http.StatusServiceUnavailable || !strings.Contains(got.body, "more reviews than it can answer") {
			t.Errorf("the oldest body is answered with %+v", got)
		}
		go func() { _, _ = io.WriteString(first, "Host: polymoat\r\nContent-Length: 2\r\n\r\n{}") }()
		if response, err := http.ReadResponse(bufio.NewReader(first), nil); err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("the oldest header is answered with %+v, %v", response, err)
		}
		_ = first.Close()
	})
}

// TestNoPath: net/http answers nothing by itself: what does not come to the handler has no deadline.
func TestNoPath(t *testing.T) {
	bubble(t, Options{}, func(http.ResponseWriter, *http.Request) {}, func(r *running) {
		if got := <-r.ask("OPTIONS * HTTP/1.1\r\nHost: polymoat\r\n\r\n"); got.code != http.StatusBadRequest {
			t.Errorf("answered %+v", got)
		}
		synctest.Wait()
		if got := r.connections.count; got != 0 {
			t.Errorf("there are %d connections", got)
		}
	})
}

// TestSlow: what is not a request is closed in time.
func TestSlow(t *testing.T) {
	for name, tc := range map[string]struct {
		open func(*running) net.Conn
		send string
		want time.Duration
	}{
		"a connection that says nothing": {(*running).dial, "", 10 * time.Second},
		"half a handshake":               {(*running).dial, "\x16\x03\x01", 10 * time.Second},
		"no header":                      {func(r *running) net.Conn { return r.greet() }, "", 100 * time.Second},
		"half a header":                  {func(r *running) net.Conn { return r.greet() }, "POST /validate HTTP/1.1\r\n", 3 * time.Second},
		"an idle one":                    {func(r *running) net.Conn { return r.greet() }, post("/validate", "Content-Length: 0\r\n\r\n"), 100 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{}, func(http.ResponseWriter, *http.Request) {}, func(r *running) {
				begun := time.Now()
				c := tc.open(r)
				go func() { _, _ = io.WriteString(c, tc.send) }()
				_, _ = io.Copy(io.Discard, c)
				if took := time.Since(begun); took != tc.want {
					t.Errorf("closed after %s, want %s", took, tc.want)
				}
			})
		})
	}
}

// TestRooms: reviews wait for half of their time at most, and those of core have room of their own.
func TestRooms(t *testing.T) {
	review := post("/validate?timeout=20s", "Content-Length: 2\r\n\r\n{}")
	release := make(chan struct{})
	hook := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	sentAway := status("503", "ServiceUnavailable", "polymoat: this replica has more reviews than it can answer in time; "+
		"this is not a decision of the policy: try again, and let the administrator add replicas where it happens often")
	// Of 1 MiB there is room for two reviews, and 14 may wait.
	bubble(t, Options{Bytes: 1 << 20, Reserved: []string{"/validate/core"}}, hook, func(r *running) {
		release = make(chan struct{})
		var answers []<-chan answer
		for range 16 {
			answers = append(answers, r.ask(review))
		}
		synctest.Wait()
		if got, want := r.InFlight(), (InFlight{Waiting: 14 * leastWeight, Deciding: 2 * leastWeight}); got != want {
			t.Errorf("in flight are %+v, want %+v", got, want)
		}
		if got, want := <-r.ask(review), (answer{code: 503, body: sentAway}); got != want {
			t.Errorf("one too many is answered %+v, want %+v", got, want)
		}
		core := r.ask(post("/validate/core?timeout=20s", "Content-Length: 2\r\n\r\n{}"))
		synctest.Wait()
		if got, want := r.InFlight().Deciding, int64(3*leastWeight); got != want {
			t.Errorf("with one of core %d bytes are decided, want %d", got, want)
		}
		if got, want := <-answers[15], (answer{code: 503, body: sentAway, after: 9 * time.Second}); got != want {
			t.Errorf("one that waits is answered %+v, want %+v", got, want)
		}
		close(release)
		for name, got := range map[string]answer{"the first": <-answers[0], "one of core": <-core} {
			if got.code != 200 {
				t.Errorf("%s is answered %+v", name, got)
			}
		}
		synctest.Wait()
		if got := r.InFlight(); got != (InFlight{}) {
			t.Errorf("in the end there are %+v in flight", got)
		}
	})
}

// TestDeaf: a client that reads no answer holds its connection until the caller's deadline, and for the five seconds in
// which TLS says goodbye.
func TestDeaf(t *testing.T) {
	hook := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 1<<20)) }
	bubble(t, Options{ShutdownTimeout: 20 * time.Second}, hook, func(r *running) {
		begun := time.Now()
		if _, err := io.WriteString(r.greet(), post("/validate?timeout=5s", "Content-Length: 2\r\n\r\n{}")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		r.stop()
		if err := <-r.ended; err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > 11*time.Second {
			t.Errorf("it took %s, want 4.5s, 5s, and a second until it is seen", took)
		}
	})
}

// TestShutdown: what is in flight is finished, with its context alive.
func TestShutdown(t *testing.T) {
	var cancelled error
	hook := func(_ http.ResponseWriter, r *http.Request) {
		time.Sleep(4 * time.Second)
		cancelled = r.Context().Err()
	}
	for name, tc := range map[string]struct {
		timeout time.Duration
		want    string
	}{
		"in time":  {10 * time.Second, ""},
		"too late": {time.Second, "shut down: reviews were still in flight after 1s"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{ShutdownTimeout: tc.timeout}, hook, func(r *running) {
				got := r.ask(post("/validate?timeout=5s", "Content-Length: 2\r\n\r\n{}"))
				synctest.Wait()
				r.stop()
				err := <-r.ended
				if answered := <-got; tc.want == "" && (err != nil || answered.code != 200 || cancelled != nil) {
					t.Errorf("ended with %v and %v, answered %+v", err, cancelled, answered)
				}
				if tc.want != "" && (err == nil || err.Error() != tc.want) {
					t.Errorf("ended with %v, want %s", err, tc.want)
				}
				time.Sleep(4 * time.Second) // the handler ends
			})
		})
	}
}

// TestAlive: a handler that hangs is found when its caller is gone for long.
func TestAlive(t *testing.T) {
	bubble(t, Options{}, func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute) }, func(r *running) {
		r.ask(post("/validate?timeout=30s", "Content-Length: 2\r\n\r\n{}"))
		time.Sleep(35 * time.Second)
		if err := r.Alive(nil); err != nil {
			t.Error(err)
		}
		time.Sleep(5 * time.Second)
		const want = "a review has been in its handler for 40s, and no API server waits longer than 30s"
		if err := r.Alive(nil); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		time.Sleep(time.Minute)
		if err := r.Alive(nil); err != nil {
			t.Error(err)
		}
	})
}
