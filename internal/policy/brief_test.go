package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/corpus"
)

// TestBrief: what nobody reads is not listed, and nothing else is different; in shadow it is all that there is to read.
func TestBrief(t *testing.T) {
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, tc := range cases {
		p, err := tc.Policy()
		if err != nil {
			t.Fatal(err)
		}
		r, err := tc.Request()
		if err != nil {
			t.Fatal(err)
		}
		want := p.Mutate(r)
		changed += len(want.Changes)
		if !want.Shadow {
			want.Changes = nil
		}
		r.Brief = true
		pod := r.Pod.DeepCopy()
		got := p.Mutate(r)
		if diff := cmp.Diff(pod, r.Pod); diff != "" {
			t.Errorf("%s: the pod itself was changed (-before +after):\n%s", tc.Name, diff)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.Name, diff)
		}
	}
	if changed == 0 {
		t.Error("the corpus changes no field")
	}
}
