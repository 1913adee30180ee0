package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// readiness says whether reviews should be sent here. The policy is loaded before there is a server to ask.
type readiness struct {
	certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	nodesSynced func() bool // nil without a cluster
	stopping    atomic.Bool
}

// problems are the reasons not to be ready.
func (r *readiness) problems(now time.Time) []string {
	var list []string
	if r.stopping.Load() {
		list = append(list, "shutting down")
	}
	if r.nodesSynced != nil && !r.nodesSynced() {
		list = append(list, "the nodes of the cluster are not listed yet")
	}
	if problem := r.certificateProblem(now); problem != "" {
		list = append(list, problem)
	}
	return list
}

func (r *readiness) certificateProblem(now time.Time) string {
	pair, err := r.certificate(nil)
	if err != nil || pair == nil || len(pair.Certificate) == 0 {
		return "there is no serving certificate"
	}
	cert := pair.Leaf
	if cert == nil {
		if cert, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return "the serving certificate is unreadable"
		}
	}
	switch {
	case now.After(cert.NotAfter):
		return "the serving certificate expired at " + cert.NotAfter.UTC().Format(time.RFC3339)
	case now.Before(cert.NotBefore):
		return "the serving certificate begins at " + cert.NotBefore.UTC().Format(time.RFC3339)
	}
	return ""
}

// ready serves /readyz.
func (r *readiness) ready(w http.ResponseWriter, _ *http.Request) {
	if problems := r.problems(time.Now()); len(problems) > 0 {
		http.Error(w, "not ready: "+strings.Join(problems, "; "), http.StatusServiceUnavailable)
		return
	}
	alive(w, nil)
}

// alive serves /healthz: whoever answers is alive.
func alive(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprintln(w, "ok")
}
