package certs

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/certs/verify"
)

// caName is the key of the Secret that holds authorities, as cert-manager names it.
const caName = "ca.crt"

// contents are what the Secret holds.
type contents struct {
	ca        []byte // ca.crt: the authority of the pair, then older ones that have not expired
	cert, key []byte
	pair      *tls.Certificate // nil if cert and key are none
}

func readSecret(secret *corev1.Secret) *contents {
	if secret == nil {
		return &contents{}
	}
	c := &contents{ca: secret.Data[caName], cert: secret.Data[CertName], key: secret.Data[KeyName]}
	if pair, err := tls.X509KeyPair(c.cert, c.key); err == nil {
		c.pair = &pair
	}
	return c
}

// due says why the pair is to be replaced; empty if it is not. A third of its life is left for that to succeed.
func (c *contents) due(names []string, now time.Time) string {
	leaf, err := verify.Leaf(c.pair)
	if err != nil {
		return "there is none"
	}
	if now.After(leaf.NotAfter.Add(-leaf.NotAfter.Sub(leaf.NotBefore) / 3)) {
		return "it expires at " + leaf.NotAfter.UTC().Format(time.RFC3339)
	}
	for _, name := range names {
		url := "https://" + name
		if err := verify.Pair(c.pair, admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: c.ca}, now); err != nil {
			return fmt.Sprintf("it does not serve %s: %v", name, err)
		}
	}
	return ""
}

// renewed are contents with a pair of their own authority, which is put before those that were trusted until now. The
// names of the old pair are kept: during a rolling update that changes --dns-name, two versions would otherwise undo
// each other's work.
func (c *contents) renewed(names []string, now time.Time) (*contents, error) {
	if leaf, err := verify.Leaf(c.pair); err == nil {
		names = append(append([]string{}, names...), leaf.DNSNames...)
		for _, ip := range leaf.IPAddresses {
			names = append(names, ip.String())
		}
	}
	fresh, err := issue(names, now)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return &contents{ca: merge(fresh.ca, c.ca, now), cert: fresh.cert, key: fresh.key}, nil
}

// writeTo puts the contents into a Secret.
func (c *contents) writeTo(secret *corev1.Secret) {
	if secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	secret.Data[caName], secret.Data[CertName], secret.Data[KeyName] = c.ca, c.cert, c.key
}

func (c *contents) same(other *contents) bool { return other != nil && bytes.Equal(c.cert, other.cert) }
