package certs

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"time"
)

const validity = 365 * 24 * time.Hour

// Service is the name of polymoat's Service as the manifests install it.
const Service = "polymoat.polymoat-system.svc"

// writeSelfSigned makes a pair for this machine and for polymoat's Service. The certificate is its own authority: it is
// what goes into the caBundle of a webhook configuration.
func writeSelfSigned(certPath, keyPath string) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	names := []string{"localhost", "127.0.0.1", "::1", Service, Service + ".cluster.local", "polymoat.polymoat-system", "polymoat"}
	if host, err := os.Hostname(); err == nil && host != "" {
		names = append(names, host)
	}
	template, err := servingTemplate(names, time.Now())
	if err != nil {
		return err
	}
	certDER, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(certPath), 0o700); err != nil {
		return err
	}
	if err := writePEM(keyPath, "PRIVATE KEY", keyDER); err != nil {
		return err
	}
	return writePEM(certPath, "CERTIFICATE", certDER)
}

// writePEM never follows or reuses a file that somebody else left in the place.
func writePEM(path, block string, der []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := pem.Encode(f, &pem.Block{Type: block, Bytes: der}); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
