package certs

import (
	"bytes"
	"crypto/x509"
	"time"

	"github.com/polymoat/polymoat/certs/verify"
)

// merge is what a bundle must become for wanted, authorities in PEM, to be trusted: those, and whatever else was trusted
// and has not expired. It is nil where nothing is to be done.
//
// What is there is kept, because replicas may be serving with it: until the new pair has reached them all, after the
// Secret was deleted, or during the rolling update from another source of certificates.
func merge(wanted, present []byte, now time.Time) []byte {
	if trusts(present, wanted) {
		return nil
	}
	merged := verify.Bundle(wanted)
	for _, cert := range verify.Bundle(present) {
		if now.Before(cert.NotAfter) && !contains(merged, cert) {
			merged = append(merged, cert)
		}
	}
	var b bytes.Buffer
	for _, cert := range merged {
		b.Write(encodePEM(cert.Raw))
	}
	return b.Bytes()
}

// trusts says whether every certificate of wanted is in the bundle.
func trusts(bundle, wanted []byte) bool {
	present := verify.Bundle(bundle)
	for _, cert := range verify.Bundle(wanted) {
		if !contains(present, cert) {
			return false
		}
	}
	return true
}

func contains(list []*x509.Certificate, cert *x509.Certificate) bool {
	for _, other := range list {
		if other.Equal(cert) {
			return true
		}
	}
	return false
}
