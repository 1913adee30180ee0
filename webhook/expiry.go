package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/polymoat/polymoat/certs"
	"github.com/polymoat/polymoat/certs/verify"
)

const (
	// expiresSoon is how much of a certificate's life is left when the log begins to warn. Every source renews earlier.
	expiresSoon = 7 * 24 * time.Hour
	// expiryCheck is how often that is looked at.
	expiryCheck = time.Hour
)

// certificates is where the serving certificate comes from: certs.Open or certs.Keep.
type certificates interface {
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// Start keeps the certificate up to date until the context is done.
	Start(context.Context) error
}

// certificateExpiry is the metric for when the served certificate ends.
func certificateExpiry(c certificates, source certs.Source) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "polymoat_certificate_not_after_seconds",
		Help:        "When the certificate that is served expires, in seconds since 1970. 0 while there is none.",
		ConstLabels: prometheus.Labels{"source": source.String()},
	}, func() float64 {
		leaf, err := servedLeaf(c)
		if err != nil {
			return 0
		}
		return float64(leaf.NotAfter.Unix())
	})
}

// warnOfExpiry logs, now and every hour, when little time is left.
func warnOfExpiry(ctx context.Context, c certificates, log *slog.Logger) {
	tick := time.NewTicker(expiryCheck)
	defer tick.Stop()
	for {
		checkExpiry(c, time.Now(), log)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func checkExpiry(c certificates, now time.Time, log *slog.Logger) {
	leaf, err := servedLeaf(c)
	if err != nil || leaf.NotAfter.Sub(now) > expiresSoon {
		return
	}
	log.Warn("the serving certificate expires in less than a week, and was not renewed", "notAfter", leaf.NotAfter.UTC().Format(time.RFC3339))
}

func servedLeaf(c certificates) (*x509.Certificate, error) {
	pair, err := c.GetCertificate(nil)
	if err != nil {
		return nil, err
	}
	return verify.Leaf(pair)
}
