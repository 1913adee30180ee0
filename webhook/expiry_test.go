package webhook

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
)

// TestExpiryMetric: what is served, whatever its source, ends when the metric says.
func TestExpiryMetric(t *testing.T) {
	r := start(t, Options{})
	connection, err := tls.Dial("tcp", r.address, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a test on loopback
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	end := connection.ConnectionState().PeerCertificates[0].NotAfter
	want := fmt.Sprintf("polymoat_certificate_not_after_seconds{source=\"files\"} %g\n", float64(end.Unix()))
	if code, text := r.get(t, "/metrics"); code != 200 || !strings.Contains(text, want) {
		t.Errorf("%d: the metrics lack %s", code, want)
	}
}
