package webhook

import (
	"strings"
	"testing"
)

// TestShadow: a pod in shadow is answered without a patch, and judged as if it had been placed.
func TestShadow(t *testing.T) {
	policies := policiesOf(t, "  shadow: [{roles: [jobs]}]\n")
	mux := muxOf(t, policies)
	raw := benchmarkReview(t)
	got := post(t, mux, "/mutate", raw).Response
	if !got.Allowed || got.Patch != nil || got.PatchType != nil || !strings.Contains(got.AuditAnnotations["shadow"], `"path":"spec.nodeSelector[polyaxon]"`) {
		t.Errorf("mutate answered %+v", got)
	}
	if got := post(t, mux, "/validate", raw).Response; !got.Allowed {
		t.Errorf("validate answered %+v", got.Result)
	}
	want := `polymoat_decisions_total{dry_run="false",mode="Shadow",policy="polyaxon",role="jobs",rule="",verdict="Allowed",webhook="mutate"} 1`
	if metrics := scrapeMetrics(t, mux, "polymoat_decisions_total"); !strings.Contains(metrics, want) {
		t.Errorf("metrics are\n%s", metrics)
	}
}
