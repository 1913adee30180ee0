package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// fields compares field paths by what they print.
var fields = cmp.Comparer(func(a, b *field.Path) bool { return a.String() == b.String() })

// templated is a workload of one template.
func templated(pod, old *corev1.Pod) policy.Workload {
	return policy.Workload{
		Namespace: "polyaxon", User: policy.UserNamed("jane"), Kind: "Operation", Today: today,
		Resource: schema.GroupResource{Group: "core.polyaxon.com", Resource: "operations"},
		Templates: []policy.Template{{
			At: field.NewPath("batchJobSpec", "template"), Pod: pod, Old: old, Creator: policy.UserNamed(kube + "job-controller"),
			LabelAt: func(string) *field.Path { return field.NewPath("metadata", "labels") },
		}},
	}
}

func TestEarlyAnswers(t *testing.T) {
	warned := `batchJobSpec.template: its pods of role "jobs" will be refused: environment.` + rootSentence[len("spec."):]
	const refused = `operations.core.polyaxon.com "x" of role "jobs": batchJobSpec.template.spec.securityContext.runAsUser is 0: ` +
		`container "polyaxon-main" would run as root; remove it or set a uid above 0 [run-as-root]`
	root := []string{"run-as-root"}
	malformed := func() *corev1.Pod {
		return with(job(), func(p *corev1.Pod) { p.Annotations = kv{"polymoat.io/node-pool": "gpu"} })
	}
	const invalid = `metadata.annotations[polymoat.io/node-pool]: Invalid value: "gpu": role "jobs" accepts "experiments", "builds"`
	for name, tc := range map[string]struct {
		mode     v1alpha1.Mode
		modes    []v1alpha1.RuleMode
		pod, old *corev1.Pod
		want     told
		sentence string
	}{
		"nothing to say":                  {pod: job(), want: told{Verdict: "Allowed"}},
		"a warning by default":            {pod: rooted(), want: told{Verdict: "Allowed", Warned: root, Warnings: []string{warned}}},
		"a refusal where the policy says": {mode: v1alpha1.Enforce, pod: rooted(), want: told{Verdict: "Denied", Refused: root}, sentence: refused},
		"recorded":                        {mode: v1alpha1.Audit, pod: rooted(), want: told{Verdict: "Allowed", Audited: root}},
		"a change that mends nothing":     {mode: v1alpha1.Enforce, pod: rooted(), old: rooted(), want: told{Verdict: "Allowed", Warned: root, Warnings: []string{warned}}},
		"a change for the worse":          {mode: v1alpha1.Enforce, pod: rooted(), old: job(), want: told{Verdict: "Denied", Refused: root}, sentence: refused},
		"the pods' own mode is milder": {mode: v1alpha1.Enforce, modes: []v1alpha1.RuleMode{{Mode: v1alpha1.Warn}}, pod: rooted(), want: told{Verdict: "Allowed", Warned: root,
			Warnings: []string{"batchJobSpec.template: " + rootSentence + " (admitted: the rule is in mode Warn)"}}},
		"an override that is not accepted": {pod: malformed(), want: told{Verdict: "Allowed", Warnings: []string{`batchJobSpec.template: its pods of role "jobs" will be refused: environment.` + invalid[len("metadata."):]}}},
		"the same, refused": {mode: v1alpha1.Enforce, pod: malformed(), want: told{Verdict: "Denied"},
			sentence: `operations.core.polyaxon.com "x" is invalid: batchJobSpec.template.` + invalid},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) {
				d.Spec.Modes = tc.modes
				if tc.mode != "" {
					d.Spec.EarlyAnswers = tc.mode
				}
			})
			d := p.ValidateWorkload(templated(tc.pod, tc.old))
			if diff := cmp.Diff(tc.want, tell(d)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.sentence, d.Sentence("x")); diff != "" {
				t.Errorf("sentence (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTemplatesAreAnsweredOnce, each for itself.
func TestTemplatesAreAnsweredOnce(t *testing.T) {
	w := templated(rooted(), nil)
	second := w.Templates[0]
	second.At = field.NewPath("second")
	w.Templates = append(w.Templates, second)
	d := compile(t, v1alpha1.Default(), func(d *v1alpha1.PlacementPolicy) {
		d.Spec.Modes = []v1alpha1.RuleMode{{Mode: v1alpha1.Warn}}
	}).ValidateWorkload(w)
	want := []string{
		"batchJobSpec.template: " + rootSentence + " (admitted: the rule is in mode Warn)",
		"second: " + rootSentence + " (admitted: the rule is in mode Warn)",
	}
	if diff := cmp.Diff(want, d.Warnings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWhatAControllerMakesIsNotAnsweredTwice: its owner was.
func TestWhatAControllerMakesIsNotAnsweredTwice(t *testing.T) {
	w := templated(rooted(), nil)
	w.Kind, w.Owners, w.User = "ReplicaSet", owned("apps/v1", "Deployment", "web"), policy.UserNamed(kube+"deployment-controller")
	if d := compile(t, v1alpha1.Default()).ValidateWorkload(w); len(d.Warnings) > 0 || d.Verdict != policy.Allowed {
		t.Errorf("got %+v", tell(d))
	}
}

// TestAnOverrideIsSaidEarly, as it will be of the pod.
func TestAnOverrideIsSaidEarly(t *testing.T) {
	pod := with(job(), func(p *corev1.Pod) { p.Annotations = kv{"polymoat.io/node-pool": "gpu"} })
	d := overridesPolicy(t).ValidateWorkload(templated(pod, nil))
	want := []string{`batchJobSpec.template: polymoat.io/node-pool=gpu: placed on node pool "gpu" instead of "experiments"`}
	if diff := cmp.Diff(want, d.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, d.Overrides); diff != "" {
		t.Errorf("overrides (-want +got):\n%s", diff)
	}
}
