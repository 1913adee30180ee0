package preview

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/corpus"
	"github.com/polymoat/polymoat/internal/policy"
)

// Whatever a policy gave to the pods of the corpus is taken back, and given again just so.
func TestUndoOfTheCorpus(t *testing.T) {
	cases, err := corpus.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range cases {
		p, err := tc.Policy()
		if err != nil {
			t.Fatal(err)
		}
		r, err := tc.Request()
		if err != nil {
			t.Fatal(err)
		}
		r.Old = nil // an update is given nothing
		given := p.Mutate(r)
		r.Pod = orOwn(given, r.Pod)
		before := r.Pod.DeepCopy()
		undone := Undo(p, r)
		if diff := cmp.Diff(before, r.Pod); diff != "" {
			t.Errorf("%s: undo changed the pod that it was given (-want +got):\n%s", tc.Name, diff)
		}
		want := r.Pod
		r.Pod = undone
		again := p.Mutate(r)
		if !alike(orOwn(again, undone), want) {
			t.Errorf("%s: what is left becomes another pod (-want +got):\n%s", tc.Name, cmp.Diff(want.Spec, orOwn(again, undone).Spec))
		}
		for i, take := range pieces(undone) {
			r.Pod = undone.DeepCopy()
			take(r.Pod)
			prune(r.Pod)
			if alike(orOwn(p.Mutate(r), r.Pod), want) {
				t.Errorf("%s: piece %d of what is left would be given again", tc.Name, i)
			}
		}
	}
}

// What the pod said itself stays, as far as that can be told.
func TestUndo(t *testing.T) {
	const job = "metadata: {labels: {app.kubernetes.io/part-of: polyaxon-runs, app.kubernetes.io/component: polyaxon-jobs}}\n"
	for name, tc := range map[string]struct {
		edit        func(*v1alpha1.PlacementPolicy)
		given, want string
	}{
		"a label and a toleration of its own": {
			given: "spec: {nodeSelector: {polyaxon: experiments, disk: ssd}, tolerations: [{key: spot, operator: Exists}, {key: polyaxon, operator: Equal, value: experiments, effect: NoSchedule}]}",
			want:  "spec: {nodeSelector: {disk: ssd}, tolerations: [{key: spot, operator: Exists}]}",
		},
		"another pool that its role lists, without the toleration that came with it": {
			edit:  func(d *v1alpha1.PlacementPolicy) { d.Spec.Roles[2].NodePools = []string{"experiments", "builds"} },
			given: "spec: {nodeSelector: {polyaxon: builds}, tolerations: [{key: polyaxon, operator: Equal, value: builds, effect: NoSchedule}]}",
			want:  "spec: {nodeSelector: {polyaxon: builds}, tolerations: []}",
		},
		"a uid of its own": {
			given: "spec: {nodeSelector: {polyaxon: experiments}, securityContext: {runAsUser: 1000, runAsGroup: 2222, fsGroup: 2222, fsGroupChangePolicy: OnRootMismatch, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}}",
			want:  "spec: {nodeSelector: {}, securityContext: {runAsUser: 1000}}",
		},
		"affinity of its own, without the role's": {
			edit: func(d *v1alpha1.PlacementPolicy) {
				d.Spec.Roles[2].Affinity = affinity(t, "{nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: gpu, operator: DoesNotExist}]}]}, "+
					"preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: a, operator: Exists}]}}]}}")
			},
			given: "spec: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [" +
				"{matchExpressions: [{key: zone, operator: Exists}, {key: gpu, operator: DoesNotExist}]}]}, " +
				"preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: a, operator: Exists}]}}]}}}",
			want: "spec: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: Exists}]}]}}}}",
		},
		"a pod that was there before the policy": {
			given: "spec: {tolerations: [{operator: Exists}]}",
			want:  "spec: {tolerations: [{operator: Exists}]}",
		},
	} {
		t.Run(name, func(t *testing.T) {
			doc := v1alpha1.Default()
			if tc.edit != nil {
				tc.edit(doc)
			}
			p, err := policy.New(doc)
			if err != nil {
				t.Fatal(err)
			}
			got := Undo(p, policy.Request{Namespace: "polyaxon", Pod: podOf(t, job+tc.given)})
			if diff := cmp.Diff(podOf(t, job+tc.want).Spec, got.Spec); diff != "" {
				t.Errorf("spec (-want +got):\n%s", diff)
			}
		})
	}
}

func podOf(t *testing.T, text string) *corev1.Pod {
	t.Helper()
	pod := &corev1.Pod{}
	if err := yaml.UnmarshalStrict([]byte(text), pod); err != nil {
		t.Fatal(err)
	}
	return pod
}

func affinity(t *testing.T, text string) *corev1.Affinity {
	t.Helper()
	a := &corev1.Affinity{}
	if err := yaml.UnmarshalStrict([]byte(text), a); err != nil {
		t.Fatal(err)
	}
	return a
}
