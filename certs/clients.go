package certs

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// ClientCAs are the authorities of a file that may vouch for clients.
type ClientCAs struct {
	path string
	log  *slog.Logger

	mu   sync.Mutex
	pool *x509.CertPool
	text []byte // of the file, as pool holds it
}

// OpenClientCAs reads the authorities of a PEM file.
func OpenClientCAs(path string, log *slog.Logger) (*ClientCAs, error) {
	c := &ClientCAs{path: path, log: log}
	if err := c.read(); err != nil {
		return nil, err
	}
	return c, nil
}

// Pool is what the file holds now. It is read for every new connection, of which an API server makes few. What
// cannot be read is logged, and what was read last goes on to hold: a file that is being written locks nobody out.
func (c *ClientCAs) Pool() *x509.CertPool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.read(); err != nil {
		c.log.Error("the client authorities are left as they were", "error", err)
	}
	return c.pool
}

// read reads the file, and parses it if it has changed.
func (c *ClientCAs) read() error {
	text, err := os.ReadFile(c.path)
	if err != nil {
		return fmt.Errorf("--client-ca-file: %w", err)
	}
	if c.pool != nil && bytes.Equal(text, c.text) {
		return nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return fmt.Errorf("--client-ca-file: %s holds no certificate in PEM", c.path)
	}
	c.pool, c.text = pool, text
	return nil
}
