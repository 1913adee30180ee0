package readiness

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/polymoat/polymoat/certs/verify"
	"github.com/polymoat/polymoat/internal/cluster"
)

// patience is how long a server that was ready stays so while a webhook configuration does not accept its certificate.
// The files of a mounted Secret follow it within a minute and a half, so that a new caBundle may be ahead of the pair.
// If all replicas left at once for that, the API server would still reach none after the pair has come, until their
// probes have succeeded again.
const patience = 2 * time.Minute

// trust is what webhook configurations say of the serving certificate.
type trust struct {
	unlisted []string // not heard of yet
	distrust []string // do not accept it
	notes    []string // what is worth knowing and keeps nobody from being ready
}

// judge asks each configuration whether an API server would accept the pair from its webhooks.
//
// One that is not there is no reason to wait: nobody asks us through it, and whoever installs it may be waiting for us.
// Nor is one that RBAC does not let us read: the certificate may well be right, and a server that is never ready for
// that would stop every pod that it guards.
func judge(configurations []cluster.Configuration, pair *tls.Certificate, now time.Time) trust {
	var t trust
	for _, c := range configurations {
		what := fmt.Sprintf("%s %q", c.Kind, c.Name)
		switch c.State {
		case cluster.Unlisted:
			t.unlisted = append(t.unlisted, what+" is not read yet")
		case cluster.Forbidden:
			t.notes = append(t.notes, what+" may not be read, so nobody knows whether it accepts the serving certificate; let RBAC allow to get, list and watch it")
		case cluster.Missing:
			t.notes = append(t.notes, what+" is not there, so that the API server asks nothing through it")
		case cluster.Present:
			if why := distrust(c, pair, now); why != "" {
				t.distrust = append(t.distrust, what+" does not accept the serving certificate: "+why)
			}
		}
	}
	return t
}

// distrust says which webhook does not accept the pair; empty if all do. One is enough: they are installed together.
func distrust(c cluster.Configuration, pair *tls.Certificate, now time.Time) string {
	for _, w := range c.Webhooks {
		err := verify.Pair(pair, w.ClientConfig, now)
		_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
		switch {
		case err == nil:
		case unknown && len(w.ClientConfig.CABundle) == 0:
			return fmt.Sprintf("webhook %q has no caBundle; write the authority that signed the certificate there", w.Name)
		case unknown:
			return fmt.Sprintf("the caBundle of webhook %q lacks the authority that signed it; add it there", w.Name)
		default:
			return fmt.Sprintf("webhook %q: %v", w.Name, err)
		}
	}
	return ""
}
