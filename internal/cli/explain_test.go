package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/explain"
	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/policy"
)

// explained is what explain prints in text about a decision.
func explained(t *testing.T, d policy.Decision) string {
	t.Helper()
	var out bytes.Buffer
	c := newConsole(nil, &out, nil)
	pod := manifest.Pod{Object: manifest.Object{File: "a.yaml", Raw: map[string]any{"kind": "Pod"}}}
	textPrinter(c.Console)(explain.New(pod, "polyaxon", d))
	return out.String()
}

func TestText(t *testing.T) {
	tests := map[string]struct {
		decision policy.Decision
		want     string
	}{
		"malformed overrides are violations, warnings come last": {
			policy.Decision{
				Role: "jobs", Why: "label a=b",
				Invalid: field.ErrorList{field.Invalid(field.NewPath("metadata", "annotations").Key("polymoat.io/uid"), "x", "is no number")},
				Violations: []policy.Violation{{
					Rule: "node-name", Field: field.NewPath("spec", "nodeName"), Detail: `is "core-1"`, Fix: "remove it",
				}},
				Warnings: []string{"the image is old"},
			},
			`
a.yaml: Pod/(no name) (polyaxon)
  Role:       jobs
  Why:        label a=b
  Verdict:    Denied
  Violation:  metadata.annotations[polymoat.io/uid] Invalid value: "x": is no
              number [invalid-override]
  Violation:  spec.nodeName is "core-1"; remove it [node-name]
  Warning:    the image is old
`,
		},
		"old values, tolerations of every form, and values that are too long": {
			policy.Decision{Verdict: policy.Allowed, Role: "jobs", Changes: []policy.Change{
				{Path: "spec.nodeSelector[polyaxon]", Old: "core", New: "experiments", Source: policy.FromPool},
				{Path: "spec.tolerations[0]", New: corev1.Toleration{Key: "spot", Operator: "Exists"}, Source: policy.FromRole},
				{Path: "spec.tolerations[1]", New: corev1.Toleration{Key: "a", Effect: "NoExecute", TolerationSeconds: ptr.To[int64](30)}, Source: policy.FromRole},
				{Path: "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution", New: map[string]any{
					"nodeSelectorTerms": []any{map[string]any{"matchExpressions": []any{map[string]any{"key": "polyaxon", "operator": "NotIn", "values": []string{"core"}}}}},
				}, Source: policy.FromPool},
			}},
			`
a.yaml: Pod/(no name) (polyaxon)
  Role:       jobs
  Verdict:    Allowed
  Changes:
    spec.nodeSelector[polyaxon]  "core" -> "experiments"  pool
    spec.tolerations[0]          spot op=Exists           role
    spec.tolerations[1]          a:NoExecute for 30s      role
    spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution  pool
        {"nodeSelectorTerms":[{"matchExpressions":[{"key":"polyaxon",
        "operator":"NotIn", "values":["core"]}]}]}
`,
		},
		"containers that are changed alike share their rows": {
			policy.Decision{Verdict: policy.Allowed, Changes: []policy.Change{
				{Path: "spec.containers[0].securityContext.runAsNonRoot", New: true, Source: policy.FromDefault},
				{Path: "spec.containers[1].securityContext.runAsNonRoot", New: true, Source: policy.FromDefault},
				{Path: "spec.containers[2].securityContext.runAsUser", New: 1, Source: policy.FromRole},
			}},
			`
a.yaml: Pod/(no name) (polyaxon)
  Verdict:    Allowed
  Changes:
    spec.containers[0].securityContext
    spec.containers[1].securityContext
      .runAsNonRoot  true  default
    spec.containers[2].securityContext
      .runAsUser     1     role
`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			want := strings.TrimPrefix(tc.want, "\n")
			if diff := cmp.Diff(want, explained(t, tc.decision)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}
