package patch

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestPatchesOfThePolicy: whatever a policy changes in a pod of the corpus, the patch changes it, too. Each pod is as the
// API server sends it, with a priority, and core's class is there.
func TestPatchesOfThePolicy(t *testing.T) {
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	classed := 0
	for _, tc := range cases {
		r, err := tc.Request()
		if err != nil || r.Pod == nil {
			continue // an object with a template is never patched
		}
		r.Pod.Spec.Priority, r.Pod.Spec.PreemptionPolicy = ptr.To(int32(0)), ptr.To(corev1.PreemptLowerPriority)
		r.Priorities = &policy.Priorities{Classes: map[string]policy.PriorityClass{"polyaxon-core": {Value: 1_000_000}}}
		p, err := tc.Policy()
		if err != nil {
			t.Fatal(err)
		}
		want := p.Mutate(r).Pod
		if want == nil {
			continue
		}
		if want.Spec.PriorityClassName == "polyaxon-core" {
			classed++
		}
		raw := encode(t, r.Pod)
		if got := decode(t, apply(t, raw, textOf(t, r.Pod, want))); !apiequality.Semantic.DeepEqual(got, want) {
			t.Errorf("%s (-want +got):\n%s", tc.Name, cmp.Diff(want, got))
		}
	}
	if classed == 0 {
		t.Error("no pod of core was given its class")
	}
}
