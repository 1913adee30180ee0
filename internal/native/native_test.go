package native_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/native"
	"github.com/polymoat/polymoat/internal/policy"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestSame: a policy gives one twin, whatever the order of maps.
func TestSame(t *testing.T) {
	first := native.Compile(v1alpha1.Default())
	for range 20 {
		if diff := cmp.Diff(first, native.Compile(v1alpha1.Default())); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestMessages: the sentences that people read, and the names of what refuses them.
func TestMessages(t *testing.T) {
	const file = "testdata/messages.txt"
	var text strings.Builder
	for _, p := range native.Compile(v1alpha1.Default()).Validating {
		for _, v := range p.Spec.Validations {
			fmt.Fprintf(&text, "%s\n  %s\n", p.Name, v.Message)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestModes: one policy for pods in each mode that a rule has.
func TestModes(t *testing.T) {
	doc := v1alpha1.Default()
	doc.Spec.Modes = []v1alpha1.RuleMode{{Mode: v1alpha1.Warn, Rules: []string{"run-as-root"}, Scope: v1alpha1.Scope{Roles: []string{"jobs"}}}}
	twin := native.Compile(doc)
	var got []string
	for i, p := range twin.Validating {
		got = append(got, fmt.Sprint(p.Name, " ", twin.ValidatingBindings[i].Spec.ValidationActions, " ", len(p.Spec.Validations)))
	}
	want := []string{
		"polymoat-polyaxon-pods-enforce [Deny] 13", "polymoat-polyaxon-entries-enforce [Deny] 3", "polymoat-polyaxon-pods-warn [Warn] 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestStrictestMode: a mode for one namespace does not loosen what guards the others.
func TestStrictestMode(t *testing.T) {
	doc := v1alpha1.Default()
	doc.Spec.Namespaces = []string{"trial", "polyaxon"}
	doc.Spec.Modes = []v1alpha1.RuleMode{{Mode: v1alpha1.Warn, Scope: v1alpha1.Scope{Namespaces: []string{"trial"}}}}
	twin := native.Compile(doc)
	for i, p := range twin.Validating {
		if p.Name == "polymoat-polyaxon-entries-enforce" && twin.ValidatingBindings[i].Spec.ValidationActions[0] == "Deny" && len(p.Spec.Validations) == 3 {
			return
		}
	}
	t.Error("Bindings and pod templates are not refused")
}

// TestStatic: names of static policies end as the API server wants it, and bindings name their policies.
func TestStatic(t *testing.T) {
	twin := native.Compile(v1alpha1.Default())
	static := twin.Static()
	for i, p := range static.Validating {
		if want := twin.Validating[i].Name + ".static.k8s.io"; p.Name != want || static.ValidatingBindings[i].Spec.PolicyName != want {
			t.Errorf("policy %q, bound as %q, want %q", p.Name, static.ValidatingBindings[i].Spec.PolicyName, want)
		}
	}
	if strings.HasSuffix(twin.Mutating[0].Name, ".static.k8s.io") {
		t.Error("the twin itself was changed")
	}
}

// TestDifferences: every rule of the webhook is spoken of.
func TestDifferences(t *testing.T) {
	ids := []string{policy.RuleBinding}
	for _, r := range policy.Rules() {
		ids = append(ids, r.ID)
	}
	for _, id := range ids {
		if !slices.ContainsFunc(native.Differences, func(d native.Difference) bool { return d.Rule == id }) {
			t.Errorf("rule %q is not among the differences; add it in internal/native/differences.go", id)
		}
	}
	for _, d := range native.Differences {
		if (d.Why == "") != (d.Is == native.Same) {
			t.Errorf("%s is %s, because %q", d.Rule, d.Is, d.Why)
		}
	}
}

// TestComments: every variable says what it is.
func TestComments(t *testing.T) {
	twin := native.Compile(v1alpha1.Default())
	for _, v := range twin.Mutating[0].Spec.Variables {
		if !strings.HasPrefix(v.Expression, "// ") {
			t.Errorf("variable %s of the mutating policy has no comment", v.Name)
		}
	}
	for _, p := range twin.Validating {
		for _, v := range p.Spec.Variables {
			if !strings.HasPrefix(v.Expression, "// ") {
				t.Errorf("variable %s of %s has no comment", v.Name, p.Name)
			}
		}
	}
}

// TestLimits: more than a twin takes is refused, and said of which part.
func TestLimits(t *testing.T) {
	doc := v1alpha1.Default()
	if errs := native.Check(doc); len(errs) > 0 {
		t.Error(errs)
	}
	for i := range 50 {
		doc.Spec.Namespaces = append(doc.Spec.Namespaces, fmt.Sprint("team-", i))
	}
	for i := range 61 {
		doc.Spec.Images = append(doc.Spec.Images, v1alpha1.ImageIdentity{Repository: fmt.Sprint("acme/image-", i)})
	}
	want := []string{
		`policy "polyaxon": spec.namespaces: there are 51, and a native twin takes 50 at most`,
		`policy "polyaxon": spec.images: there are 61, and a native twin takes 60 at most`,
	}
	var got []string
	for _, err := range native.Check(doc) {
		got = append(got, err.Error())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
