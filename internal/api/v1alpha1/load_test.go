package v1alpha1

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestErrorsAreFields(t *testing.T) {
	_, err := Load("policy.yaml", []byte(strings.Replace(base, "nodePools: [gpu]}", "nodePools: [cpu], onConflict: Move}", 1)))
	err = fmt.Errorf("load the policy: %w", err)

	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("not an *InvalidError: %v", err)
	}
	var got []string
	for i, e := range invalid.Errors {
		got = append(got, fmt.Sprintf("%s:%d %s", invalid.File, invalid.Lines[i], e))
	}
	want := []string{
		`policy.yaml:13 spec.roles[1].nodePools[0]: Invalid value: "cpu": is not one of spec.nodePools; did you mean "gpu"?`,
		`policy.yaml:13 spec.roles[1].onConflict: Invalid value: "Move": is not one of "Refuse", "Replace"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var first *field.Error
	if !errors.As(err, &first) || first.Field != "spec.roles[1].nodePools[0]" {
		t.Errorf("errors.As found %v, want the first mistake", first)
	}
}

func TestLoadJSON(t *testing.T) {
	p, err := Load("policy.json", []byte("{\n\t\"apiVersion\": \"polymoat.io\\/v1alpha1\", \"kind\": \"PlacementPolicy\",\n"+
		"\t\"metadata\": {\"name\": \"polyaxon\", \"annotations\": {\"note\": \"caf\\u00e9 \\ud83d\\ude00 \\\\/ \\ud83d\"}},\n"+
		"\t\"spec\": {\"namespaces\": [\"polyaxon\"], \"roles\": null,\n"+
		"\t\t\"nodePools\": [{\"name\": \"core\", \"nodeLabel\": {\"key\": \"polyaxon\", \"value\": \"core\"}}]}}"))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Metadata.Annotations["note"]; got != "café 😀 \\/ \ufffd" {
		t.Errorf("the annotation is %q", got)
	}
}

// TestDatesAreText: a label value that YAML would read as a time is a label value.
func TestDatesAreText(t *testing.T) {
	p, err := Load("policy.yaml", []byte(strings.ReplaceAll(base, "value: gpu", "value: 2026-01-02")))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Spec.NodePools[1].NodeLabel.Value; got != "2026-01-02" {
		t.Errorf("the label's value is %q", got)
	}
}

func TestValidateSet(t *testing.T) {
	file := func(name, policy string, namespaces ...string) File {
		return File{Name: name, Policy: &PlacementPolicy{Metadata: Metadata{Name: policy}, Spec: Spec{Namespaces: namespaces}}}
	}
	for _, tc := range []struct {
		name  string
		files []File
		want  string
	}{
		{"none", nil, ""},
		{"two that share nothing", []File{file("a.yaml", "a", "x", "y"), file("b.yaml", "b", "z")}, ""},
		{"two policies with one name", []File{file("a.yaml", "a", "x"), file("b.yaml", "a", "y")},
			`metadata.name: "a" names the policies in a.yaml (policy "a") and b.yaml (policy "a"); rename one`},
		{"shared namespaces", []File{file("a.yaml", "a", "x", "y"), file("b.yaml", "b", "z", "y", "x")},
			`spec.namespaces[1]: "y" is governed by both a.yaml (policy "a") and b.yaml (policy "b"); a namespace belongs to one policy` + "\n" +
				`spec.namespaces[2]: "x" is governed by both a.yaml (policy "a") and b.yaml (policy "b"); a namespace belongs to one policy`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ""
			if err := ValidateSet(tc.files); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tc.want)
			}
		})
	}
}

// TestAccepted is what looks like a mistake and is none.
func TestAccepted(t *testing.T) {
	for _, tc := range []struct{ name, old, new string }{
		{"a taint of no pool", jobs, "{name: jobs, tolerations: [{key: nvidia.com/gpu, operator: Exists}]}"},
		{"a taint of an open pool", jobs, "{name: jobs, tolerations: [{key: polyaxon, value: gpu}]}"},
		{"every taint, where the protected pool is listed", jobs, "{name: jobs, nodePools: [core], tolerations: [{operator: Exists}]}"},
		{"the protected taint with another effect", jobs, "{name: jobs, tolerations: [{key: polyaxon, value: core, effect: NoExecute}]}"},
		{"a taint that only advises", "effect: NoSchedule}], protected", "effect: PreferNoSchedule}], protected"},
		{"every taint, where the protected pool has none", base[strings.Index(base, "  nodePools:"):],
			"  nodePools: [{name: core, nodeLabel: {key: polyaxon, value: core}, protected: true}]\n  roles: [{name: jobs, tolerations: [{operator: Exists}]}]\n"},
		{"affinity", jobs, "{name: jobs, affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [" +
			"{weight: 100, preference: {matchFields: [{key: metadata.name, operator: In, values: [a]}]}}]}}}"},
		{"an entry of its own ends the fallback", jobs, "{name: experiments}\n  - {name: services}\n  - {name: helpers}\n" +
			"  - {name: jobs, podSecurity: baseline, podSecurityContext: {runAsUser: 0, runAsNonRoot: false}}"},
		{"a role of one's own", jobs, "{name: gpu, match: {mode: Replace, any: [{labels: {a: b}, role: jobs}]}}"},
		{"the root group, where its rule warns", "requesters: []",
			"modes: [{mode: Warn, rules: [run-as-root-group]}]\n  defaults: {podSecurityContext: {runAsGroup: 0}}"},
		{"the one capability that restricted allows", jobs, "{name: jobs, containerSecurityContext: {capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}}"},
	} {
		if _, err := Load("policy.yaml", []byte(strings.Replace(base, tc.old, tc.new, 1))); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// TestTolerationsAddUp: one of a protected pool's two taints opens nothing, unless the role's own pool brings the other.
func TestTolerationsAddUp(t *testing.T) {
	two := strings.Replace(base, "taints: [", "taints: [{key: dedicated, effect: NoSchedule}, ", 1)
	one := strings.Replace(two, jobs, "{name: jobs, nodePools: [gpu], tolerations: [{key: polyaxon, value: core}]}", 1)
	if _, err := Load("policy.yaml", []byte(one)); err != nil {
		t.Errorf("one of two taints: %v", err)
	}
	both := strings.Replace(one, "value: gpu}, taints: [", "value: gpu}, taints: [{key: dedicated, effect: NoSchedule}, ", 1)
	want := `policy.yaml:13: spec.roles[1].tolerations[0]: tolerates the taints of the protected node pool "core", ` +
		`which role "jobs" does not list; drop the toleration or add the pool to nodePools`
	if _, err := Load("policy.yaml", []byte(both)); err == nil || err.Error() != want {
		t.Errorf("both taints: got %v\nwant %s", err, want)
	}
}

func TestNearest(t *testing.T) {
	for _, tc := range []struct{ word, want string }{
		{"Jobs", "jobs"}, {"job", "jobs"}, {"experimets", "experiments"}, {"tensorboard", "tensorboards"}, {"gpu", ""}, {"", ""},
	} {
		if got := Nearest(tc.word, KnownRoles); got != tc.want {
			t.Errorf("Nearest(%q) = %q, want %q", tc.word, got, tc.want)
		}
	}
}

func TestMistakesAreSorted(t *testing.T) {
	_, err := Load("policy.yaml", []byte(strings.ReplaceAll(base, "name: ", "nom: ")))
	var invalid *InvalidError
	if !errors.As(err, &invalid) || len(invalid.Lines) < 7 || !slices.IsSorted(invalid.Lines) {
		t.Errorf("not sorted by line:\n%v", err)
	}
}
