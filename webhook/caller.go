package webhook

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/polymoat/polymoat/certs"
	"github.com/polymoat/polymoat/webhook/serve"
)

// callers says who may send reviews: whoever shows a certificate of these authorities. An API server shows one if its
// --admission-control-config-file names a kubeconfig for the webhooks. Probes and metrics need none: kubelets and
// Prometheus have none.
type callers struct {
	authorities *certs.ClientCAs
	names       []string // of the certificates' subjects; empty: any
	metrics     *metrics
	log         *slog.Logger
}

// configureTLS asks for a certificate, and takes the connection of whoever has none: require tells them why they are
// sent away. The authorities are those of the file at the time of the handshake. No session is resumed, because that
// would go by the authorities of an earlier time.
func (c *callers) configureTLS(config *tls.Config) {
	config.ClientAuth, config.SessionTicketsDisabled = tls.VerifyClientCertIfGiven, true
	config.ClientCAs = c.authorities.Pool()
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		current := config.Clone()
		current.GetConfigForClient, current.ClientCAs = nil, c.authorities.Pool()
		return current, nil
	}
}

// require lets only callers through to the handler.
func (c *callers) require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := c.refuse(r.TLS); f != nil {
			c.metrics.faults.note(c.log, f, "remote", r.RemoteAddr)
			f.Write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (c *callers) refuse(connection *tls.ConnectionState) *serve.Fault {
	if connection == nil || len(connection.VerifiedChains) == 0 {
		return serve.NewFault(http.StatusUnauthorized, "client-certificate", "reviews are read from callers with a client certificate only, and there is none; "+
			"name one for this webhook in the kubeconfig of the API server's --admission-control-config-file")
	}
	subject := connection.VerifiedChains[0][0].Subject.CommonName
	if len(c.names) > 0 && !slices.Contains(c.names, subject) {
		return serve.NewFault(http.StatusForbidden, "client-name", "the client certificate is of %q, and --client-name accepts %s", subject, quoted(c.names))
	}
	return nil
}

func quoted(names []string) string { return `"` + strings.Join(names, `", "`) + `"` }
