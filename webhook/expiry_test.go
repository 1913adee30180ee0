package webhook

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
	"time"
)

// fixed is a certificate that does not change.
type fixed struct{ pair *tls.Certificate }

func (f fixed) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.pair, nil }
func (f fixed) Start(context.Context) error                                   { return nil }

func TestExpiryWarning(t *testing.T) {
	pair, _ := pairOf(t)
	end := pair.Leaf.NotAfter
	for name, tc := range map[string]struct {
		now  time.Time
		pair *tls.Certificate
		want string
	}{
		"more than a week":  {end.Add(-expiresSoon - time.Minute), pair, ""},
		"less than a week":  {end.Add(-expiresSoon + time.Minute), pair, `"level":"WARN","msg":"the serving certificate expires in less than a week, and was not renewed","notAfter":"` + end.UTC().Format(time.RFC3339) + `"}`},
		"none to look at":   {end, nil, ""},
		"it is over by now": {end.Add(time.Hour), pair, `"level":"WARN"`},
	} {
		t.Run(name, func(t *testing.T) {
			var output strings.Builder
			log, err := NewLogger(&output, "info")
			if err != nil {
				t.Fatal(err)
			}
			checkExpiry(fixed{tc.pair}, tc.now, log)
			if got := output.String(); !strings.Contains(got, tc.want) || tc.want == "" && got != "" {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

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
