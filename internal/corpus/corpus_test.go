package corpus_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files; then read the diff as a reviewer")

func TestCorpus(t *testing.T) {
	for _, tc := range cases(t) {
		t.Run(tc.Name, func(t *testing.T) {
			r, p := request(t, tc), compiled(t, tc)
			before := r.Pod.DeepCopy()
			d := p.Review(r)
			if diff := cmp.Diff(before, r.Pod); diff != "" {
				t.Fatalf("the request's pod was modified (-before +after):\n%s", diff)
			}
			if got := roleOf(d); got != tc.Role {
				t.Errorf("role is %q (%s), want %q", got, d.Why, tc.Role)
			}
			out, deny := render(t, before, d)
			if *update {
				write(t, tc.Name+".out.yaml", out)
				write(t, tc.Name+".deny.txt", deny)
				return
			}
			if diff := cmp.Diff(tc.Deny, deny); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.Out, out); diff != "" {
				t.Errorf("stored pod (-want +got):\n%s", diff)
			}
			again(t, p, r, d)
		})
	}
}

// again feeds the placed pod back in: Mutate must leave it alone, and Validate must say the same of it.
func again(t *testing.T, p *policy.Policy, r policy.Request, first policy.Decision) {
	t.Helper()
	if first.Pod != nil {
		r.Pod = first.Pod
	}
	second := p.Review(r)
	if second.Pod != nil {
		t.Errorf("Mutate changes its own result: %v", second.Changes)
	}
	if diff := cmp.Diff(first.Sentence("x"), second.Sentence("x")); diff != "" {
		t.Errorf("the second answer differs from the first (-first +second):\n%s", diff)
	}
}

// TestCoverage names the rule, the override and the role that no case shows.
func TestCoverage(t *testing.T) {
	var refusals, outs strings.Builder
	roles := map[string]bool{}
	for _, tc := range cases(t) {
		refusals.WriteString(tc.Deny)
		outs.WriteString(tc.Out)
		if tc.Out != "" {
			roles[tc.Role] = true
		}
	}
	for _, rule := range policy.Rules {
		if !strings.Contains(refusals.String(), rule.ID+": ") {
			t.Errorf("rule %q: no case is refused for it; add one to testdata", rule.ID)
		}
	}
	for _, o := range policy.Overrides {
		if !strings.Contains(outs.String(), "# warning: "+o.Name) {
			t.Errorf("override %q: no case is stored with it; add one to testdata", o.Name)
		}
		if !strings.Contains(refusals.String(), "["+o.Name+"]: ") {
			t.Errorf("override %q: no case is refused for it; add one to testdata", o.Name)
		}
	}
	for _, role := range append(slices.Clone(v1alpha1.KnownRoles), "none") {
		if !roles[role] {
			t.Errorf("role %q: no case is stored with it; add one to testdata", role)
		}
	}
}

// TestNoStrays names golden files that belong to no case, and cases with two outcomes or none.
func TestNoStrays(t *testing.T) {
	known := map[string]bool{}
	for _, tc := range cases(t) {
		if (tc.Out == "") == (tc.Deny == "") {
			t.Errorf("%s: want one of %[1]s.out.yaml and %[1]s.deny.txt", tc.Name)
		}
		known[tc.Name+".in.yaml"], known[tc.Name+".out.yaml"], known[tc.Name+".deny.txt"] = true, true, true
	}
	found, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if !f.IsDir() && !known[f.Name()] {
			t.Errorf("testdata/%s belongs to no case", f.Name())
		}
	}
}

func cases(t *testing.T) []corpus.Case {
	t.Helper()
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

func request(t *testing.T, tc corpus.Case) policy.Request {
	t.Helper()
	r, err := tc.Request()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func compiled(t *testing.T, tc corpus.Case) *policy.Policy {
	t.Helper()
	p, err := tc.Policy()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func roleOf(d policy.Decision) string {
	if d.Verdict == policy.OutOfScope {
		return "none"
	}
	return d.Role
}

// render is the stored pod or the refusal.
func render(t *testing.T, before *corev1.Pod, d policy.Decision) (out, deny string) {
	t.Helper()
	if d.Verdict == policy.Denied {
		name := before.Name
		if name == "" {
			name = before.GenerateName
		}
		return "", d.Sentence(name) + "\n"
	}
	pod := before
	if d.Pod != nil {
		pod = d.Pod
	}
	b, err := yaml.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	var warnings strings.Builder
	for _, w := range d.Warnings {
		warnings.WriteString("# warning: " + w + "\n")
	}
	return warnings.String() + strings.TrimSuffix(string(b), "status: {}\n"), ""
}

// write makes the golden file, or removes it where there is nothing to say.
func write(t *testing.T, name, content string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if content == "" {
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
