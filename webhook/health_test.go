package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"testing"
	"time"
)

func TestReadiness(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	pair := &tls.Certificate{
		Certificate: [][]byte{{0}},
		Leaf:        &x509.Certificate{NotBefore: begin, NotAfter: begin.Add(time.Hour)},
	}
	for name, tc := range map[string]struct {
		pair     *tls.Certificate
		after    time.Duration
		nodes    func() bool
		stopping bool
		want     []string
	}{
		"a valid certificate":         {pair: pair, after: time.Minute},
		"no certificate":              {want: []string{"there is no serving certificate"}},
		"an expired certificate":      {pair: pair, after: 2 * time.Hour, want: []string{"the serving certificate expired at 2026-01-01T01:00:00Z"}},
		"a certificate of the future": {pair: pair, after: -time.Hour, want: []string{"the serving certificate begins at 2026-01-01T00:00:00Z"}},
		"nodes that are listed":       {pair: pair, nodes: func() bool { return true }},
		"everything at once": {
			nodes: func() bool { return false }, stopping: true,
			want: []string{"shutting down", "the nodes of the cluster are not listed yet", "there is no serving certificate"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &readiness{
				certificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return tc.pair, nil },
				nodesSynced: tc.nodes,
			}
			r.stopping.Store(tc.stopping)
			if got := r.problems(begin.Add(tc.after)); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
