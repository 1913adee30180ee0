package policy_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestGroupOfCore: the Job controller makes a group with core's priority for a Job of core, and nobody does for another one.
func TestGroupOfCore(t *testing.T) {
	const jobController = "system:serviceaccount:kube-system:job-controller"
	for name, tc := range map[string]struct {
		user, owner string
		want        policy.Verdict
	}{
		"a Job of core":    {jobController, "u-hook", policy.Allowed},
		"another Job":      {jobController, "u-train", policy.Denied},
		"a forged owner":   {"jane", "u-hook", policy.Denied},
		"without an owner": {jobController, "", policy.Denied},
	} {
		w := policy.Workload{
			Namespace: "polyaxon", User: policy.UserNamed(tc.user), Kind: "PodGroup", Priorities: priorities(),
			Resource: schema.GroupResource{Group: policy.GroupAPI, Resource: "podgroups"},
			Classes:  []policy.Class{{At: field.NewPath("spec", "priorityClassName"), Name: "polyaxon-core"}},
			Core:     []policy.CoreWorkload{{Name: "hook", UID: "u-hook"}},
		}
		if tc.owner != "" {
			w.Owners = []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: "job", UID: types.UID(tc.owner), Controller: new(true)}}
		}
		if d := compile(t, v1alpha1.Default()).ValidateWorkload(w); d.Verdict != tc.want {
			t.Errorf("%s: %s", name, d.Sentence("g"))
		}
	}
}
