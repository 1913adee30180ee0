package policy_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/override"
	"github.com/polymoat/polymoat/internal/policy"
)

// asked is one pod with overrides under the corpus's policy "overrides". A key in annotations and labels is without
// its domain. Want is every warning, then every refusal, one per line.
type asked struct {
	name        string
	annotations map[string]string
	labels      map[string]string
	pod         func(*corev1.Pod) // a job without it
	want        string
}

type kv = map[string]string

func TestOverrides(t *testing.T) {
	p := overridesPolicy(t)
	for _, tc := range slices.Concat(overrideCases, anywayCases) {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, strings.Join(answer(p, tc), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestOverrideCasesAreComplete names the override that the table does not show in each way.
func TestOverrideCasesAreComplete(t *testing.T) {
	ways := []string{"allowed", "as a label", "oversize", "not for the role", "not for core", "not for other"}
	names := kv{"role": "role", "node-pool": "node pool", "node-selector": "node selector", "tolerations": "tolerations",
		"run-as-user": "user", "run-as-group": "group", "fs-group": "volumes"}
	for _, o := range override.All() {
		want := ways
		if o.Label {
			want = append([]string{"both agree", "both disagree"}, ways...)
		}
		for _, way := range want {
			name := names[strings.TrimPrefix(o.Name, "polymoat.io/")] + ": " + way
			if !slices.ContainsFunc(overrideCases, func(tc asked) bool { return tc.name == name }) {
				t.Errorf("%s: no case %q", o.Name, name)
			}
		}
	}
}

func TestARefusedOverrideChangesNothing(t *testing.T) {
	pod := with(job(), func(p *corev1.Pod) {
		p.Annotations = kv{"polymoat.io/node-pool": "core", "polymoat.io/run-as-user": "0", "polymoat.io/fs-group": "1000"}
	})
	d := overridesPolicy(t).Mutate(policy.Request{Namespace: "polyaxon", Pod: pod})
	if got := d.Pod.Spec.NodeSelector["polyaxon"]; got != "experiments" {
		t.Errorf("placed on %q", got)
	}
	if sc := d.Pod.Spec.SecurityContext; *sc.RunAsUser != 2222 || *sc.FSGroup != 1000 {
		t.Errorf("runs as %d with fsGroup %d, want 2222 and the accepted 1000", *sc.RunAsUser, *sc.FSGroup)
	}
	for _, c := range d.Changes {
		if (c.Source == policy.FromOverride) != (c.Path == "spec.securityContext.fsGroup") {
			t.Errorf("%s comes from %s", c.Path, c.Source)
		}
	}
}

func TestAnUpdateIsNotRefusedForAnOldOverride(t *testing.T) {
	asks := func(pool string) *corev1.Pod {
		return with(job(), func(p *corev1.Pod) {
			p.Annotations = kv{"polymoat.io/node-pool": pool}
			selects("polyaxon", "experiments")(p)
		})
	}
	p := overridesPolicy(t)
	for name, tc := range map[string]struct {
		was, is *corev1.Pod
		want    int
	}{
		"wrong before, and still": {was: asks("core"), is: with(asks("core"), func(p *corev1.Pod) { p.Finalizers = []string{"x/y"} })},
		"wrong in another way":    {was: asks("core"), is: asks("cores"), want: 1},
		"too late":                {was: with(asks(""), func(p *corev1.Pod) { p.Annotations = nil }), is: asks("gpu"), want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := p.Validate(policy.Request{Namespace: "polyaxon", Pod: tc.is, Old: tc.was})
			if len(d.Invalid) != tc.want || len(d.Warnings) != 0 {
				t.Errorf("invalid %v, warnings %v", d.Invalid, d.Warnings)
			}
		})
	}
}

func TestNewRefusesOverridesThatNameNothing(t *testing.T) {
	for want, o := range map[string]v1alpha1.Overrides{
		`policy "polyaxon": an override of role "jobs" names node pool "gpu", which is not defined`: {NodePools: []string{"gpu"}},
		`policy "polyaxon": an override of role "jobs" names role "gpu", which is not defined`:      {Roles: []string{"gpu"}},
	} {
		doc := v1alpha1.Default()
		doc.Spec.Roles[2].Overrides = &o
		if _, err := policy.New(doc); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// answer is what the creator of the pod reads.
func answer(p *policy.Policy, tc asked) []string {
	pod := job()
	if tc.pod != nil {
		tc.pod(pod)
	}
	pod.Annotations = kv{}
	for key, value := range tc.annotations {
		pod.Annotations["polymoat.io/"+key] = value
	}
	pod.Labels = maps.Clone(pod.Labels)
	for key, value := range tc.labels {
		pod.Labels["polymoat.io/"+key] = value
	}
	d := p.Review(policy.Request{Trust: policy.Trusted, Namespace: "polyaxon", Pod: pod})
	text := d.Warnings
	for _, e := range d.Invalid {
		text = append(text, e.Error())
	}
	for _, v := range d.Violations {
		text = append(text, v.String())
	}
	return text
}

func overridesPolicy(t testing.TB) *policy.Policy {
	t.Helper()
	p, err := corpus.Case{PolicyName: "overrides"}.Policy()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
