package auditannotations

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestRecord pins what an auditor reads, key by key.
func TestRecord(t *testing.T) {
	found := func(rule string) []policy.Violation {
		return []policy.Violation{{Rule: rule, Field: field.NewPath("spec"), Detail: "is bad", Fix: "mend it"}, {Rule: rule, Field: field.NewPath("metadata"), Detail: "is bad", Fix: "mend it"}}
	}
	both := func(rule string) string {
		return "spec is bad; mend it [" + rule + "]. metadata is bad; mend it [" + rule + "]"
	}
	d := policy.Decision{
		Policy: "p", Hash: "012345678901", Role: "jobs", Why: "w", Pool: "gpu", Overrides: []string{"a", "b"}, Exception: "old",
		Violations: found("one"), Warned: found("two"), Audited: found("three"), Excused: found("four"),
		Shadow: true, Changes: []policy.Change{{Path: "spec.nodeSelector", New: "x", Source: policy.FromPool}},
	}
	d.Audited[1].Witness = &landing.Node{Name: "core-1", Labels: map[string]string{"polyaxon": "core"}}
	want := map[string]string{
		"audited": both("three"), "exception": "old", "excused": both("four"), "overrides": "a. b",
		"policy": "p", "policy-hash": "012345678901", "pool": "gpu", "refused": both("one"), "role": "jobs",
		"rules": "one=Enforce two=Warn three=Audit", "shadow": `[{"path":"spec.nodeSelector","old":null,"new":"x","source":"pool"}]`,
		"verdict": "Denied", "warned": both("two"), "why": "w", "witness": `{"name":"core-1","labels":{"polyaxon":"core"}}`,
	}
	got := Annotations(d)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := VerdictIn(got); got != "Denied" {
		t.Errorf("the verdict is %q", got)
	}
	if got := Annotations(policy.Decision{Verdict: policy.OutOfScope, Policy: "p"}); got != nil {
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
	got := Annotations(d)
	if text := got["refused"]; len(text) > 5000 || !strings.HasSuffix(text, "mend it [r] ...") {
		t.Errorf("refused is %d bytes long: %s", len(text), text)
	}
	var changes []policy.Change
	if err := json.Unmarshal([]byte(got["shadow"]), &changes); err != nil || len(changes) == 0 {
		t.Errorf("shadow is %s: %v", got["shadow"], err)
	}
}
