package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/polymoat/polymoat/certs/verify"
)

const (
	// expiresSoon is how much of a certificate's life is left when the log begins to warn. Every source renews earlier.
	expiresSoon = 7 * 24 * time.Hour
	// expiryCheck is how often that is looked at.
	expiryCheck = time.Hour
)

// served is where a server takes its certificate from.
type served interface {
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
}

// ExpiryMetric is the metric for when the served certificate ends.
func ExpiryMetric(c served, source Source) prometheus.Collector {
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

// WarnOfExpiry logs, now and every hour until the context is done, when little time is left.
func WarnOfExpiry(ctx context.Context, c served, log *slog.Logger) {
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

func checkExpiry(c served, now time.Time, log *slog.Logger) {
	leaf, err := servedLeaf(c)
	if err != nil || leaf.NotAfter.Sub(now) > expiresSoon {
		return
	}
	log.Warn("the serving certificate expires in less than a week, and was not renewed", "notAfter", leaf.NotAfter.UTC().Format(time.RFC3339))
}

func servedLeaf(c served) (*x509.Certificate, error) {
	pair, err := c.GetCertificate(nil)
	if err != nil {
		return nil, err
	}
	return verify.Leaf(pair)
}
