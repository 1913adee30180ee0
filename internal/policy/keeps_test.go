package policy_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/policy/policytest"
)

// bothLevels are the fields that a pod may set for all containers, or a container for itself.
var bothLevels = []string{"RunAsUser", "RunAsGroup", "RunAsNonRoot", "SeccompProfile", "AppArmorProfile", "SELinuxOptions", "WindowsOptions"}

// TestWhatAPodSaysStays: whatever the policy sets, and on whichever level, what a pod sets is in force afterwards, and to
// mutate the result changes nothing.
func TestWhatAPodSaysStays(t *testing.T) {
	var p *policy.Policy
	for seed := range uint64(10_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		if seed%200 == 0 { // to load one takes long
			p = compile(t, policytest.Policy(r))
		}
		pod := policytest.Pod(r)
		request := policy.Request{Namespace: "polyaxon", Pod: pod}
		placed := p.Mutate(request).Pod
		if placed == nil {
			continue
		}
		keeps(t, seed, pod, placed)
		request.Pod = placed
		if again := p.Mutate(request); again.Pod != nil {
			t.Errorf("seed %d: mutated again, %v change", seed, again.Changes)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// keeps holds that every field of a security context that a pod sets counts for the same containers with the same value.
func keeps(t *testing.T, seed uint64, before, after *corev1.Pod) {
	t.Helper()
	was, is := before.Spec.SecurityContext, after.Spec.SecurityContext
	if was != nil {
		same(t, seed, "pod", reflect.ValueOf(*was), reflect.ValueOf(*is))
	}
	own := slices.Concat(before.Spec.InitContainers, before.Spec.Containers)
	for i, c := range slices.Concat(after.Spec.InitContainers, after.Spec.Containers) {
		had, has := own[i].SecurityContext, c.SecurityContext
		if had != nil {
			same(t, seed, c.Name, reflect.ValueOf(*had), reflect.ValueOf(*has))
		}
		if was == nil || has == nil {
			continue
		}
		for _, field := range bothLevels {
			ofPod, ofContainer := reflect.ValueOf(*was).FieldByName(field), reflect.ValueOf(*has).FieldByName(field)
			open := had == nil || reflect.ValueOf(*had).FieldByName(field).IsNil()
			if !ofPod.IsNil() && open && !ofContainer.IsNil() {
				t.Errorf("seed %d: the pod's own %s is shadowed in container %s", seed, field, c.Name)
			}
		}
	}
}

// same holds that a field which was set is what it was. To the capabilities that are dropped some may be added.
func same(t *testing.T, seed uint64, where string, was, is reflect.Value) {
	t.Helper()
	for i := range was.NumField() {
		name := was.Type().Field(i).Name
		if was.Field(i).IsZero() || name == "Capabilities" {
			continue
		}
		if diff := cmp.Diff(was.Field(i).Interface(), is.Field(i).Interface()); diff != "" {
			t.Errorf("seed %d: %s of %s (-before +after):\n%s", seed, name, where, diff)
		}
	}
}
