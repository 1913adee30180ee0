package corpus_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/override"
	"github.com/polymoat/polymoat/internal/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files; then read the diff as a reviewer")

func TestCorpus(t *testing.T) {
	for _, tc := range cases(t) {
		t.Run(tc.Name, func(t *testing.T) {
			p := compiled(t, tc)
			o, err := tc.Decide(p)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				write(t, tc.Name+corpus.OutSuffix, o.Out)
				write(t, tc.Name+corpus.DenySuffix, o.Deny)
				tc.Out, tc.Deny = o.Out, o.Deny
			}
			for _, problem := range tc.Problems(o) {
				t.Error(problem)
			}
			requestIsReadOnly(t, p, tc)
		})
	}
}

func requestIsReadOnly(t *testing.T, p *policy.Policy, tc corpus.Case) {
	t.Helper()
	r, err := tc.Request()
	if err != nil {
		t.Fatal(err)
	}
	before := r.Pod.DeepCopy()
	p.Review(r)
	if diff := cmp.Diff(before, r.Pod); diff != "" {
		t.Errorf("the request's pod was modified (-before +after):\n%s", diff)
	}
}

// missing says which file a rule, an override or a role lacks.
const missing = "%s %q: no case is %s it; write internal/corpus/testdata/NAME.in.yaml, then run make goldens and read what it wrote"

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
	for _, rule := range policy.Rules() {
		if !strings.Contains(refusals.String(), "["+rule.ID+"]") {
			t.Errorf(missing, "rule", rule.ID, "refused for")
		}
	}
	for _, o := range override.All() {
		if !strings.Contains(outs.String(), "# warning: "+o.Name) {
			t.Errorf(missing, "override", o.Name, "stored with")
		}
		if !strings.Contains(refusals.String(), "["+o.Name+"]: ") {
			t.Errorf(missing, "override", o.Name, "refused for")
		}
	}
	for _, role := range append(slices.Clone(v1alpha1.KnownRoles), "none") {
		if !roles[role] {
			t.Errorf(missing, "role", role, "stored with")
		}
	}
}

// TestRefusalsAreShort: each reason of a refusal takes at most 40 words, its evidence included.
func TestRefusalsAreShort(t *testing.T) {
	files, err := filepath.Glob("testdata/*.deny.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no refusals", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, reasons, _ := strings.Cut(string(text), ": ")
		for reason := range strings.SplitSeq(reasons, ". Also: ") {
			if words := len(strings.Fields(reason)); words > 40 {
				t.Errorf("%s: %d words: %s", file, words, reason)
			}
		}
	}
}

// TestNoStrays names files that belong to no case.
func TestNoStrays(t *testing.T) {
	suite, err := corpus.Read("testdata", os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range suite.Strays {
		t.Errorf("testdata/%s: %s", file, corpus.Stray(file))
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

func compiled(t *testing.T, tc corpus.Case) *policy.Policy {
	t.Helper()
	p, err := tc.Policy()
	if err != nil {
		t.Fatal(err)
	}
	return p
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
