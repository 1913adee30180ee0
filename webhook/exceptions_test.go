package webhook

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// excepting is the built-in policy with an exception that ends on a day.
func excepting(t *testing.T, expires string) *Policies {
	t.Helper()
	return policiesOf(t, "  exceptions:\n  - {name: old-images, namespaces: [polyaxon], roles: [jobs], rules: [run-as-root], owner: jane, reason: rebuild, expires: "+expires+"}\n")
}

// policiesOf is the built-in policy with more in its spec.
func policiesOf(t *testing.T, more string) *Policies {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(v1alpha1.DefaultYAML+more), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := LoadPolicies(file)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// muxOf serves policies without a cluster.
func muxOf(t *testing.T, p *Policies) http.Handler {
	t.Helper()
	m, log := newMetrics(p.documents), slog.New(slog.DiscardHandler)
	return newMux(parts{decider: &decider{policy: p.compiled, log: log, today: utcToday}, metrics: m, log: log})
}

func TestExceptionEnds(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(exceptionEnds(excepting(t, "2027-01-31").files))
	found, err := registry.Gather()
	if err != nil || len(found) != 1 {
		t.Fatalf("got %v, %v", found, err)
	}
	want := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC).Unix()
	if got := found[0].GetMetric()[0].GetGauge().GetValue(); int64(got) != want {
		t.Errorf("ends at %v, want %d", got, want)
	}
}
