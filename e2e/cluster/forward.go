package cluster

import (
	"io"
	"net"
)

// Forward joins a connection with another one to an address, until either side ends it: what kube-proxy does with a
// connection to a Service. Where nobody listens the connection ends at once.
func Forward(client net.Conn, address string) {
	defer func() { _ = client.Close() }()
	backend, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = backend.Close() }()
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{client, backend}, {backend, client}} {
		go func() {
			_, _ = io.Copy(way[0], way[1])
			done <- struct{}{}
		}()
	}
	<-done
}
