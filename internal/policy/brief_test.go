package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/corpus"
)

// TestBrief: what nobody reads is not listed, and nothing else is different, wherever the placed pod is; in shadow it is all
// that there is to read.
func TestBrief(t *testing.T) {
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	changed, inside := 0, 0
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
		r.Brief, r.Into = true, &corev1.Pod{Spec: corev1.PodSpec{NodeName: "another pod's"}}
		pod := r.Pod.DeepCopy()
		if p.Mutate(r).Pod == r.Into {
			inside++
		}
		if diff := cmp.Diff(pod, r.Pod); diff != "" {
			t.Errorf("%s: the pod itself was changed (-before +after):\n%s", tc.Name, diff)
		}
		if diff := cmp.Diff(want, p.Mutate(r)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.Name, diff)
		}
	}
	if changed == 0 || inside == 0 {
		t.Errorf("the corpus changes %d fields, and %d pods are in memory that was there", changed, inside)
	}
}
