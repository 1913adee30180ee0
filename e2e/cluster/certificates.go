package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"time"
)

// writeCertificates makes what the API server needs: a certificate of its own, and the key pair that signs the tokens
// of service accounts. ca.crt is what clients trust.
func (c *Cluster) writeCertificates() error {
	ca := &x509.Certificate{Subject: pkix.Name{CommonName: "e2e-ca"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}
	caKey, err := c.sign("ca", ca, ca, nil)
	if err != nil {
		return err
	}
	server := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if _, err := c.sign("apiserver", server, ca, caKey); err != nil {
		return err
	}
	return c.writeKeyPair("sa")
}

// sign writes name.crt and name.key, signed by the parent, or by its own key where parentKey is nil.
func (c *Cluster) sign(name string, cert, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if parentKey == nil {
		parentKey = key
	}
	cert.SerialNumber = big.NewInt(time.Now().UnixNano())
	cert.NotBefore, cert.NotAfter = time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0)
	cert.BasicConstraintsValid = true
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, err
	}
	return key, errors.Join(c.writePEM(name+".crt", "CERTIFICATE", der), c.writeKey(name, key))
}

// writeKeyPair writes name.key and name.pub.
func (c *Cluster) writeKeyPair(name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	return errors.Join(c.writePEM(name+".pub", "PUBLIC KEY", der), c.writeKey(name, key))
}

func (c *Cluster) writeKey(name string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return c.writePEM(name+".key", "EC PRIVATE KEY", der)
}

func (c *Cluster) writePEM(name, kind string, der []byte) error {
	return os.WriteFile(c.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
