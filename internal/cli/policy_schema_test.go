package cli

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// TestPolicySchema holds the schema of a policy to the policy's part of the schema of the chart's values.
func TestPolicySchema(t *testing.T) {
	text, err := os.ReadFile("../../manifests/chart/values.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var values struct {
		Schema string                     `json:"$schema"`
		Defs   map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	defs := map[string]json.RawMessage{}
	reach(t, "PlacementPolicy", values.Defs, defs)
	want, err := json.MarshalIndent(map[string]any{
		"$schema": values.Schema, "title": "Policy of polymoat", "$ref": "#/$defs/PlacementPolicy", "$defs": defs,
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("../api/v1alpha1/policy.schema.json", append(want, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want)+"\n", v1alpha1.SchemaJSON); diff != "" {
		t.Errorf("policy.schema.json is stale; run go test ./internal/cli -run PolicySchema -update (-want +got):\n%s", diff)
	}
}

var reference = regexp.MustCompile(`"#/\$defs/(\w+)"`)

// reach takes a definition and all that it refers to.
func reach(t *testing.T, name string, from, to map[string]json.RawMessage) {
	t.Helper()
	if from[name] == nil {
		t.Fatalf("the schema has no %s", name)
	}
	if to[name] != nil {
		return
	}
	to[name] = from[name]
	for _, m := range reference.FindAllSubmatch(from[name], -1) {
		reach(t, string(m[1]), from, to)
	}
}
