package hostile

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// attack is what a hostile client does, on each of so many connections.
type attack struct {
	connections int
	again       bool // each is opened again when the server closes it
	do          func(ctx context.Context, c net.Conn) error
}

const (
	many   = 20_000
	some   = 1_000
	dials  = 32 // that wait for the kernel at once
	header = "POST /validate?timeout=5s HTTP/1.1\r\nHost: polymoat\r\nContent-Type: application/json\r\n"
)

var attacks = map[string]attack{
	"silent TCP":       {many, false, func(context.Context, net.Conn) error { return nil }},
	"half a handshake": {many, false, halfHandshake},
	"slow header":      {some, true, drip(header, "X-More: and more of it\r\n", 200*time.Millisecond)},
	"slow body":        {some, true, drip(header+"Content-Length: 100000\r\n\r\n{", " ", 100*time.Millisecond)},
	"promised body":    {some, true, drip(fmt.Sprintf("%sContent-Length: %d\r\n\r\n", header, 7<<20), "", time.Second)},
	"endless body":     {some, true, drip(header+"Transfer-Encoding: chunked\r\n\r\n", "8000\r\n"+strings.Repeat(" ", 0x8000)+"\r\n", 0)},
}

// attackVariable has the name of the attack and the address, for a process that is to be the attacker.
const attackVariable = "POLYMOAT_TEST_ATTACK"

// AttackIfAsked is for TestMain: the test's own program is the attacker, too, in a process of its own. It does not return then.
func AttackIfAsked() {
	name, address, found := strings.Cut(os.Getenv(attackVariable), "@")
	if !found {
		return
	}
	attacks[name].run(context.Background(), address)
	os.Exit(0)
}

// startAttack returns what ends the attack.
func startAttack(t *testing.T, name, address string) (stop func()) {
	t.Helper()
	attacker := exec.Command(os.Args[0])
	attacker.Env = append(os.Environ(), attackVariable+"="+name+"@"+address, "GOMAXPROCS=1")
	attacker.Stderr = os.Stderr
	if err := attacker.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() { _ = attacker.Process.Kill(); _ = attacker.Wait() })
	t.Cleanup(stop)
	return stop
}

// run opens the connections, as fast as it can. It returns when the last one is closed, if ever.
func (a attack) run(ctx context.Context, address string) {
	begun := time.Now()
	var failed atomic.Int64
	var opening, open sync.WaitGroup
	free := make(chan struct{}, dials)
	for range a.connections {
		free <- struct{}{}
		opening.Add(1)
		open.Go(func() {
			c, err := dial(ctx, address)
			<-free
			opening.Done()
			if err != nil {
				failed.Add(1)
				return
			}
			a.hold(ctx, c)
			for a.again {
				if c, err := dial(ctx, address); err == nil {
					a.hold(ctx, c)
				}
			}
		})
	}
	opening.Wait()
	fmt.Fprintf(os.Stderr, "attack: %d connections in %s, %d failed\n", a.connections, time.Since(begun).Round(time.Millisecond), failed.Load())
	open.Wait()
}

// hold keeps a connection until the server closes it.
func (a attack) hold(ctx context.Context, c net.Conn) {
	defer func() { _ = c.Close() }()
	if a.do(ctx, c) == nil {
		_, _ = c.Read(make([]byte, 1))
	}
}

// dial opens a connection from an address that is not that of honest callers.
func dial(ctx context.Context, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	return dialer.DialContext(ctx, "tcp", address)
}

// hello is a greeting, made once: it costs the attacker nothing to send it again.
var hello = sync.OnceValue(func() []byte {
	near, far := net.Pipe()
	defer func() { _ = near.Close() }()
	go func() { _ = tls.Client(far, &tls.Config{InsecureSkipVerify: true}).Handshake() }()
	buffer := make([]byte, 16<<10)
	n, err := near.Read(buffer)
	if err != nil {
		panic(err)
	}
	return bytes.Clone(buffer[:n])
})

// halfHandshake greets, lets the server do its part, and takes no notice of the answer.
func halfHandshake(ctx context.Context, c net.Conn) error {
	if _, err := c.Write(hello()); err != nil {
		return err
	}
	for buffer := make([]byte, 4<<10); ; {
		if _, err := c.Read(buffer); err != nil {
			return err
		}
	}
}

// drip sends the beginning of a request, and then more of it, for as long as the server takes it.
func drip(begin, more string, pause time.Duration) func(context.Context, net.Conn) error {
	return func(ctx context.Context, c net.Conn) error {
		over := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
		if err := over.HandshakeContext(ctx); err != nil {
			return err
		}
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			for buffer := make([]byte, 512); ; {
				if _, err := over.Read(buffer); err != nil {
					return
				}
			}
		}()
		if _, err := over.Write([]byte(begin)); err != nil {
			return err
		}
		text := []byte(more)
		for {
			select {
			case <-closed:
				return errors.New("closed by the server")
			case <-time.After(pause):
			}
			if len(text) > 0 {
				if _, err := over.Write(text); err != nil {
					return err
				}
			}
		}
	}
}
