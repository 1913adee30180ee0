package certs

import (
	"crypto/tls"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/polymoat/polymoat/certs/verify"
)

// fixed is a certificate that does not change.
type fixed struct{ pair *tls.Certificate }

func (f fixed) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.pair, nil }

func TestExpiryWarning(t *testing.T) {
	of, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := of.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := verify.Leaf(pair)
	if err != nil {
		t.Fatal(err)
	}
	end := leaf.NotAfter
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
			checkExpiry(fixed{tc.pair}, tc.now, slog.New(slog.NewJSONHandler(&output, nil)))
			if got := output.String(); !strings.Contains(got, tc.want) || tc.want == "" && got != "" {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
