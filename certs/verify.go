package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/url"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// Verify says why an API server would not accept the pair from the webhook of that configuration; nil if it would. It
// judges as the API server does: by the name of the Service or the host of the URL, and by the caBundle, or by the
// machine's own authorities where there is none.
func Verify(pair *tls.Certificate, webhook admissionregistrationv1.WebhookClientConfig, now time.Time) error {
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
