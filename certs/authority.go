package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"slices"
	"time"
)

// issued is a fresh pair with the authority that signed it, in PEM.
type issued struct{ ca, cert, key []byte }

// issue makes an authority that signs one certificate. The authority's key is then forgotten: whoever reads what is kept
// can serve in our place, but make no certificate for anybody else.
func issue(names []string, now time.Time) (*issued, error) {
	caKey, err := newKey()
	if err != nil {
		return nil, err
	}
	ca, err := blank(now)
	if err != nil {
		return nil, err
	}
	ca.Subject.CommonName = "polymoat authority " + ca.SerialNumber.Text(16)
	ca.IsCA, ca.KeyUsage, ca.MaxPathLenZero = true, x509.KeyUsageCertSign, true
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	if ca, err = x509.ParseCertificate(caDER); err != nil { // with its key ID, which the certificate refers to
		return nil, err
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	cert, err := servingTemplate(names, now)
	if err != nil {
		return nil, err
	}
	certDER, err := x509.CreateCertificate(rand.Reader, cert, ca, key.Public(), caKey)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &issued{ca: encodePEM(caDER), cert: encodePEM(certDER), key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})}, nil
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// servingTemplate is a certificate for names, which may be addresses.
func servingTemplate(names []string, now time.Time) (*x509.Certificate, error) {
	cert, err := blank(now)
	if err != nil {
		return nil, err
	}
	cert.KeyUsage, cert.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			cert.IPAddresses = append(cert.IPAddresses, ip)
		} else if !slices.Contains(cert.DNSNames, name) {
			cert.DNSNames = append(cert.DNSNames, name)
		}
	}
	return cert, nil
}

// blank is a certificate of this moment, for nothing yet.
func blank(now time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "polymoat"},
		NotBefore:             now.Add(-time.Hour), // clocks differ
		NotAfter:              now.Add(validity),
		BasicConstraintsValid: true,
	}, nil
}

func encodePEM(certificate []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
}
