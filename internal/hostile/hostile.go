// Package hostile attacks a server of admission reviews, in the ways that anybody can who reaches its port, and holds that
// honest callers do not notice. It is for tests of the server and of the product.
package hostile

import (
	"bytes"
	"crypto/tls"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

// memory is what the chart gives a container.
const memory = 256 << 20

// Quiet holds times as well as counts. A machine that does something else decides how long anything takes: without the flag an
// attack has only to leave honest callers their decisions, the server its memory, and no connection behind.
var Quiet = flag.Bool("quiet", false, "the machine does nothing else: hold how long reviews take under attack, too")

// Environment is the chart's memory.
var Environment = []string{fmt.Sprintf("GOMEMLIMIT=%d", memory)}

// Target is a process that serves /validate over TLS.
type Target struct {
	Address string
	PID     int
	Review  []byte // that honest callers send
	Large   []byte // a review that takes the server longer than its client, for floods
}

// Test is the whole matrix.
func Test(t *testing.T, target Target) {
	for _, name := range []string{"silent TCP", "half a handshake", "slow header", "slow body", "promised body", "endless body"} {
		t.Run(name, func(t *testing.T) { target.underAttack(t, name) })
	}
	t.Run("HTTP/2", target.http2)
	t.Run("ten times the reviews", target.flooded)
}

// underAttack sends reviews for the time of an attack, each over a connection of its own.
func (target Target) underAttack(t *testing.T, name string) {
	honest := newAPIServer(target, 0)
	target.warm(t, honest)
	before := target.files(t)
	stop := startAttack(t, name, target.Address)
	got := honest.send(t.Context(), 2, 10*time.Millisecond, time.After(6*time.Second))
	stop()
	t.Logf("%s, most memory so far %d MiB", got, Peak(t, target.PID)>>20)
	got.check(t)
	if *Quiet && len(got.shed) > 0 {
		t.Errorf("%d honest reviews were sent away", len(got.shed))
	}
	if *Quiet && got.percentile(99) > time.Second {
		t.Errorf("the 99th percentile is %s, more than a second", got.percentile(99))
	}
	target.recovered(t, honest, before)
}

// flooded sends ten times the reviews that are decided when it is calm.
func (target Target) flooded(t *testing.T) {
	target.Review = target.Large
	var servers []*apiServer
	for range 1 {
		servers = append(servers, newAPIServer(target, 25))
	}
	target.warm(t, servers[0])
	before := target.files(t)
	calm := servers[0].send(t.Context(), 4, 0, time.After(2*time.Second))
	got := flood(t.Context(), servers, 10*float64(len(calm.decided))/2, 4*time.Second)
	t.Logf("calm: %s; flood: %s, most memory so far %d MiB", calm, got, Peak(t, target.PID)>>20)
	for _, a := range servers {
		a.client.CloseIdleConnections()
	}
	got.check(t)
	target.recovered(t, servers[0], before+25)
}

// http2 holds that HTTP/2 is not offered.
func (target Target) http2(t *testing.T) {
	for _, offered := range [][]string{{"h2"}, {"h2", "http/1.1"}} {
		dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: offered}}
		c, err := dialer.DialContext(t.Context(), "tcp", target.Address)
		if err != nil {
			if len(offered) > 1 {
				t.Error(err)
			}
			continue
		}
		if got := c.(*tls.Conn).ConnectionState().NegotiatedProtocol; got != "http/1.1" {
			t.Errorf("offered %q, the server takes %q", offered, got)
		}
		_ = c.Close()
	}
}

func (target Target) warm(t *testing.T, honest *apiServer) {
	t.Helper()
	if err := honest.send(t.Context(), 2, 0, time.After(200*time.Millisecond)).err(); err != nil {
		t.Fatalf("before the attack: %v", err)
	}
}

// recovered holds that a second after the attack the server answers at once and has no more files open than before. A busy
// machine may take longer.
func (target Target) recovered(t *testing.T, honest *apiServer, files int) {
	t.Helper()
	time.Sleep(time.Second)
	for tries := 0; !*Quiet && tries < 60 && target.files(t) > files+5; tries++ {
		time.Sleep(time.Second)
	}
	after := honest.send(t.Context(), 1, 0, time.After(200*time.Millisecond))
	open := target.files(t)
	t.Logf("after the attack: %s, %d files open", after, open)
	after.check(t)
	if p50 := after.percentile(50); *Quiet && p50 > 50*time.Millisecond {
		t.Errorf("a second after the attack a review takes %s", p50)
	}
	if open > files+5 {
		t.Errorf("after the attack %d files are open, before it were %d", open, files)
	}
	if peak := Peak(t, target.PID); peak >= memory {
		t.Errorf("the process took %d MiB", peak>>20)
	}
}

// files is how many the process has open: connections above all.
func (target Target) files(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", target.PID))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// Peak is the most memory that a process ever had, in bytes, as Linux tells it: "VmHWM: 61236 kB".
func Peak(t testing.TB, pid int) (peak int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	if _, err := fmt.Sscan(string(rest), &peak); err != nil {
		t.Fatal(err)
	}
	return peak << 10
}
