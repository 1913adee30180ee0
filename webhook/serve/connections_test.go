package serve

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
)

// from is a connection of an address; what its client sends is what a test says has arrived.
type from struct {
	net.Conn
	address string
}

func (f from) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(f.address + ":1"))
}

// TestPushOut: the oldest goes, of the address that holds most connections or most bytes.
func TestPushOut(t *testing.T) {
	type arrival struct {
		address string
		bytes   int64
	}
	for name, tc := range map[string]struct {
		arrivals []arrival
		want     []int // those that are pushed out
	}{
		"no more than may be":               {[]arrival{{"10.0.0.1", 0}, {"10.0.0.2", 0}, {"10.0.0.1", 10}}, nil},
		"many of one address":               {[]arrival{{"10.0.0.2", 0}, {"10.0.0.1", 0}, {"10.0.0.1", 0}, {"10.0.0.2", 0}, {"10.0.0.1", 0}}, []int{0, 1}},
		"one address does not push another": {[]arrival{{"10.0.0.2", 0}, {"10.0.0.1", 0}, {"10.0.0.1", 0}, {"10.0.0.1", 0}, {"10.0.0.1", 0}}, []int{1, 2}},
		"an address in two forms":           {[]arrival{{"10.0.0.2", 0}, {"10.0.0.1", 0}, {"[::ffff:10.0.0.1]", 0}, {"10.0.0.1", 0}}, []int{1}},
		"many addresses":                    {[]arrival{{"10.0.0.4", 0}, {"10.0.0.3", 0}, {"10.0.0.2", 0}, {"10.0.0.1", 0}}, []int{0}},
		"many bytes of one address":         {[]arrival{{"10.0.0.2", 40}, {"10.0.0.1", 30}, {"10.0.0.1", 31}}, []int{1}},
		"bytes of its own":                  {[]arrival{{"10.0.0.2", 40}, {"10.0.0.1", 0}, {"10.0.0.1", 61}}, []int{2}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newConnections(3, 100, func() {})
				var all []*connection
				for _, a := range tc.arrivals {
					near, _ := net.Pipe()
					one := c.take(from{near, a.address})
					all = append(all, one)
					go func() {
						if errors.Is(c.arrived(one, a.bytes), errPushedOut) {
							c.finish(one)
						}
					}()
					synctest.Wait()
				}
				var got []int
				for i, one := range all {
					if one.gone.Err() != nil {
						got = append(got, i)
					}
					c.finish(one)
				}
				if !slices.Equal(got, tc.want) {
					t.Errorf("pushed out are %v, want %v", got, tc.want)
				}
				if c.count != 0 || c.bytes != 0 || c.leaving != 0 || len(c.clients) != 0 {
					t.Errorf("in the end there are %d connections, %d bytes, %d leaving and %d clients", c.count, c.bytes, c.leaving, len(c.clients))
				}
			})
		})
	}
}

// TestNoMoreThanTheShare: whoever passes the share waits until those that are pushed out have let go of what they hold.
func TestNoMoreThanTheShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConnections(10, 100, func() {})
		var all []*connection
		for range 2 {
			near, _ := net.Pipe()
			all = append(all, c.take(near))
		}
		if err := c.arrived(all[0], 60); err != nil {
			t.Fatal(err)
		}
		passed := false
		go func() { passed = c.arrived(all[1], 60) == nil }()
		synctest.Wait()
		if passed {
			t.Error("120 of 100 bytes are held")
		}
		if !c.finish(all[0]) {
			t.Error("the oldest is not pushed out")
		}
		synctest.Wait()
		if !passed || c.arriving() != 60 {
			t.Errorf("passed is %t, with %d bytes", passed, c.arriving())
		}
	})
}

// TestHandshakes: an address has so many handshakes at once, and what waits ends when it is pushed out.
func TestHandshakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConnections(mostHandshakes+2, 100, func() {})
		arrive := func(address string) (*connection, *error) {
			near, far := net.Pipe()
			one, got := c.take(from{near, address}), errors.New("waits")
			go func() { _, _ = far.Write([]byte("x")) }()
			go func() { _, got = one.Read(make([]byte, 1)) }()
			synctest.Wait()
			return one, &got
		}
		first, got := arrive("10.0.0.1")
		for range mostHandshakes - 1 {
			_, got = arrive("10.0.0.1")
		}
		if *got != nil {
			t.Errorf("the last that may: %v", *got)
		}
		waits, late := arrive("10.0.0.1")
		if *late == nil {
			t.Error("one more does not wait")
		}
		if _, got := arrive("10.0.0.2"); *got != nil {
			t.Errorf("another address: %v", *got)
		}
		first.pause()
		synctest.Wait()
		if *late != nil {
			t.Errorf("after another's: %v", *late)
		}
		waits.pause()
		waits.pause() // has nothing more to give back
	})
}

// TestCrowd: an address that holds most of what there may be has few handshakes at once.
func TestCrowd(t *testing.T) {
	c := newConnections(mostUnfinished, 100, func() {})
	var all []*connection
	defer func() {
		for _, one := range all {
			c.finish(one)
		}
	}()
	for range crowdedAt + 1 {
		near, _ := net.Pipe()
		if len(all) == crowdedAt {
			if got := c.weight(all[0]); got != 1 {
				t.Errorf("with %d connections a handshake weighs %d", crowdedAt, got)
			}
		}
		all = append(all, c.take(from{near, "10.0.0.1"}))
	}
	near, _ := net.Pipe()
	other := c.take(from{near, "10.0.0.2"})
	all = append(all, other)
	if got, others := c.weight(all[0]), c.weight(other); got != mostHandshakes/2 || others != 1 {
		t.Errorf("with one more it weighs %d, and that of another address %d", got, others)
	}
}

// TestIdle: a connection that has no request again is counted with those that its client opened meanwhile, and once.
func TestIdle(t *testing.T) {
	c := newConnections(2, 100, func() {})
	var all []*connection
	for range 2 {
		near, _ := net.Pipe()
		one := c.take(from{near, "10.0.0.1"})
		if all = append(all, one); len(all) == 1 {
			c.finish(one)
		}
	}
	c.begin(all[0])
	c.begin(all[0])
	if c.count != 2 || len(c.clients) != 1 || all[0].client != all[1].client {
		t.Errorf("there are %d connections of %d clients, want 2 of 1", c.count, len(c.clients))
	}
	near, _ := net.Pipe()
	all = append(all, c.take(from{near, "10.0.0.1"}))
	if all[0].state == pushedOut || all[1].state != pushedOut {
		t.Error("the one that waits for longest is not pushed out")
	}
	for _, one := range all {
		c.finish(one)
	}
	if c.count != 0 || len(c.clients) != 0 {
		t.Errorf("in the end there are %d connections and %d clients", c.count, len(c.clients))
	}
}
