// Package freeport finds ports of this machine that nobody listens on, for tests that start servers of their own.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// tries is how many ports are tried that somebody listens on.
const tries = 100

// Listen listens on a port of 127.0.0.1 from 10000 to 29999. The kernel gives connections ports from 32768 on, and would give
// one of those to a connection now and then before its server has it. Whoever closes the listener has a moment to take the port.
func Listen() (l net.Listener, err error) {
	for range tries {
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))); err == nil {
			return l, nil
		}
	}
	return nil, err
}

// Address is "127.0.0.1:PORT" of a free port.
func Address() (string, error) {
	l, err := Listen()
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
