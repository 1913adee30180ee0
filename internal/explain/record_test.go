package explain

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestRecord: what programs read of a refusal, malformed overrides first; lists are there where they are empty.
func TestRecord(t *testing.T) {
	pod := manifest.Pod{Object: manifest.Object{File: "a.yaml", Raw: map[string]any{"kind": "Pod"}}}
	r := New(pod, "polyaxon", policy.Decision{
		Role: "jobs", Why: "label a=b", Verdict: policy.Denied,
		Invalid:    field.ErrorList{field.Invalid(field.NewPath("metadata", "annotations").Key("polymoat.io/uid"), "x", "is no number")},
		Violations: []policy.Violation{{Rule: "node-name", Field: field.NewPath("spec", "nodeName"), Detail: `is "core-1"`, Fix: "remove it", Evidence: "core-1 is core"}},
	})
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"file":"a.yaml","kind":"Pod","namespace":"polyaxon","name":"","role":"jobs","why":"label a=b","verdict":"Denied","changes":[],"violations":[` +
		`{"rule":"invalid-override","field":"metadata.annotations[polymoat.io/uid]","detail":"Invalid value: \"x\": is no number","fix":""},` +
		`{"rule":"node-name","field":"spec.nodeName","detail":"is \"core-1\"","fix":"remove it","evidence":"core-1 is core"}],"warnings":[]}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	if got, want := r.Violations[1].String(), `spec.nodeName is "core-1"; remove it [node-name]: core-1 is core`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := r.Title(), "a.yaml: Pod/(no name) (polyaxon)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
