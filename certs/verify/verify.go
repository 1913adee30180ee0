// Package verify says whether an API server accepts a serving certificate. The server asks it about its own, and the
// plugin about the one in the Secret: it knows of no cluster and of no way to get a certificate.
package verify

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/url"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// Pair says why an API server would not accept the pair from the webhook of that configuration; nil if it would. It
// judges as the API server does: by the name of the Service or the host of the URL, and by the caBundle, or by the
// machine's own authorities where there is none.
func Pair(pair *tls.Certificate, webhook admissionregistrationv1.WebhookClientConfig, now time.Time) error {
	leaf, err := Leaf(pair)
	if err != nil {
		return err
	}
	options := x509.VerifyOptions{
		DNSName:       serverName(webhook),
		Intermediates: x509.NewCertPool(),
		CurrentTime:   now,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if len(webhook.CABundle) > 0 {
		options.Roots = x509.NewCertPool()
		options.Roots.AppendCertsFromPEM(webhook.CABundle)
	}
	for _, der := range pair.Certificate[1:] {
		if cert, err := x509.ParseCertificate(der); err == nil {
			options.Intermediates.AddCert(cert)
		}
	}
	_, err = leaf.Verify(options)
	return err
}

// Leaf is the certificate that a pair shows first.
func Leaf(pair *tls.Certificate) (*x509.Certificate, error) {
	switch {
	case pair == nil || len(pair.Certificate) == 0:
		return nil, errors.New("there is no serving certificate")
	case pair.Leaf != nil:
		return pair.Leaf, nil
	}
	return x509.ParseCertificate(pair.Certificate[0])
}

// Bundle reads the certificates of a bundle. What is no certificate vouches for nobody, and is left out.
func Bundle(bundle []byte) []*x509.Certificate {
	var list []*x509.Certificate
	for {
		var block *pem.Block
		if block, bundle = pem.Decode(bundle); block == nil {
			return list
		}
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			list = append(list, cert)
		}
	}
}

// serverName is the name for which an API server wants a certificate.
func serverName(webhook admissionregistrationv1.WebhookClientConfig) string {
	if webhook.Service != nil {
		return webhook.Service.Name + "." + webhook.Service.Namespace + ".svc"
	}
	if webhook.URL == nil {
		return ""
	}
	u, err := url.Parse(*webhook.URL)
	if err != nil {
		return *webhook.URL // no certificate is for that
	}
	return u.Hostname()
}
