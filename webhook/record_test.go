package webhook

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/policy"
)

// TestRecord pins what an auditor reads, key by key.
func TestRecord(t *testing.T) {
	found := func(rule string) []policy.Violation {
		return []policy.Violation{{Rule: rule, Field: field.NewPath("spec"), Detail: "is bad", Fix: "mend it"}, {Rule: rule, Field: field.NewPath("metadata"), Detail: "is bad", Fix: "mend it"}}
	}
	both := func(rule string) string {
		return rule + ": spec is bad; mend it. " + rule + ": metadata is bad; mend it"
	}
	d := policy.Decision{
		Policy: "p", Role: "jobs", Why: "w", Overrides: []string{"a", "b"}, Exception: "old",
		Violations: found("one"), Warned: found("two"), Audited: found("three"), Excused: found("four"),
		Shadow: true, Changes: []policy.Change{{Path: "spec.nodeSelector", New: "x", Source: policy.FromPool}},
	}
	want := map[string]string{
		"policy": "p", "role": "jobs", "why": "w", "overrides": "a. b", "exception": "old",
		"refused": both("one"), "warned": both("two"), "audited": both("three"), "excused": both("four"),
		"shadow": `[{"path":"spec.nodeSelector","old":null,"new":"x","source":"pool"}]`,
	}
	if diff := cmp.Diff(want, auditAnnotations(d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := auditAnnotations(policy.Decision{Verdict: policy.OutOfScope, Policy: "p"}); got != nil {
		t.Errorf("out of scope: %v", got)
	}
}

// TestRecordIsBounded: a pod with hundreds of mistakes does not fill the audit log, and what is kept is whole.
func TestRecordIsBounded(t *testing.T) {
	d := policy.Decision{Shadow: true}
	for range 500 {
		d.Violations = append(d.Violations, policy.Violation{Rule: "r", Field: field.NewPath("spec"), Detail: "is bad", Fix: "mend it"})
		d.Changes = append(d.Changes, policy.Change{Path: "spec", New: strings.Repeat("x", 100)})
	}
	got := auditAnnotations(d)
	if text := got["refused"]; len(text) > 5000 || !strings.HasSuffix(text, "mend it ...") {
		t.Errorf("refused is %d bytes long: %s", len(text), text)
	}
	var changes []policy.Change
	if err := json.Unmarshal([]byte(got["shadow"]), &changes); err != nil || len(changes) == 0 {
		t.Errorf("shadow is %s: %v", got["shadow"], err)
	}
}

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
	if metrics := scrape(t, mux, "polymoat_decisions_total"); !strings.Contains(metrics, want) {
		t.Errorf("metrics are\n%s", metrics)
	}
}
