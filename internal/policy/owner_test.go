package policy_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// operation is the resource that job's pod was made of.
func operation(annotations, labels kv) *polyaxon.Owner {
	at := schema.GroupVersionResource{Group: "core.polyaxon.com", Version: "v1", Resource: "operations"}
	return &polyaxon.Owner{Reference: polyaxon.Reference{Resource: at, Name: "plx-operation-7"}, Annotations: annotations, Labels: labels}
}

// TestOverridesOfOwners under the corpus's policy "overrides": what does not reach the pod is read where it was written,
// with the same bounds.
func TestOverridesOfOwners(t *testing.T) {
	const (
		pool = "polymoat.io/node-pool"
		at   = "operations.core.polyaxon.com/plx-operation-7: metadata."
		gpu  = `polymoat.io/node-pool=gpu: placed on node pool "gpu" instead of "experiments"`
	)
	carries := func(annotations, labels kv) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Annotations = annotations
			maps.Copy(p.Labels, labels)
		}
	}
	for name, tc := range map[string]struct {
		pod   func(*corev1.Pod)
		owner *polyaxon.Owner
		want  string
	}{
		"none":                {},
		"one without a word":  {owner: operation(nil, nil)},
		"an annotation":       {owner: operation(kv{pool: "gpu"}, nil), want: gpu},
		"a label":             {owner: operation(nil, kv{pool: "gpu"}), want: gpu},
		"both of one mind":    {owner: operation(kv{pool: "gpu"}, kv{pool: "gpu"}), want: gpu},
		"the pod says so too": {pod: carries(kv{pool: "gpu"}, nil), owner: operation(kv{pool: "gpu"}, nil), want: gpu},
		"the pod's label says so too": {
			pod: carries(nil, kv{pool: "gpu"}), owner: operation(kv{pool: "gpu"}, nil), want: gpu,
		},
		"the role comes first": {
			owner: operation(kv{"polymoat.io/role": "notebooks"}, nil), pod: carries(kv{pool: "gpu"}, nil),
			want: `polymoat.io/role=notebooks: placed as role "notebooks" instead of "jobs"` + "\n" + `polymoat.io/node-pool=gpu: placed on node pool "gpu"`,
		},
		"annotation and label of two minds": {
			owner: operation(kv{pool: "gpu"}, kv{pool: "builds"}),
			want: at + `labels[polymoat.io/node-pool]: Invalid value: "builds": disagrees with ` +
				at + `annotations[polymoat.io/node-pool], which is "gpu"; keep one`,
		},
		"the pod of another mind": {
			pod: carries(kv{pool: "builds"}, nil), owner: operation(kv{pool: "gpu"}, nil),
			want: `metadata.annotations[polymoat.io/node-pool]: Invalid value: "builds": disagrees with ` +
				at + `annotations[polymoat.io/node-pool], which is "gpu"; keep one`,
		},
		"the pod's label of another mind": {
			pod: carries(nil, kv{pool: "builds"}), owner: operation(nil, kv{pool: "gpu"}),
			want: `metadata.labels[polymoat.io/node-pool]: Invalid value: "builds": disagrees with ` +
				at + `labels[polymoat.io/node-pool], which is "gpu"; keep one`,
		},
		"the pod's own is wrong": {
			pod: carries(nil, kv{"polymoat.io/node-selector": "x"}), owner: operation(kv{"polymoat.io/node-selector": `{"disk":"ssd"}`}, nil),
			want: `metadata.labels[polymoat.io/node-selector]: Invalid value: "x": is read from an annotation only; write it as one`,
		},
		"what no label may ask for": {
			owner: operation(nil, kv{"polymoat.io/node-selector": "x"}),
			want:  at + `labels[polymoat.io/node-selector]: Invalid value: "x": is read from an annotation only; write it as one`,
		},
		"out of bounds": {
			owner: operation(kv{pool: "core"}, nil),
			want:  at + `annotations[polymoat.io/node-pool]: Invalid value: "core": role "jobs" accepts "gpu", "builds"`,
		},
		"not for the role": {
			pod: component("polyaxon-services"), owner: operation(kv{"polymoat.io/run-as-user": "1000"}, nil),
			want: at + `annotations[polymoat.io/run-as-user]: Invalid value: "1000": role "services" does not accept this override; ` +
				`remove it (accepted: "polymoat.io/node-pool")`,
		},
		"against the pod's own spec": {
			pod: selects("polyaxon", "experiments"), owner: operation(kv{pool: "builds"}, nil),
			want: at + `annotations[polymoat.io/node-pool]: Invalid value: "builds": ` +
				`disagrees with spec.nodeSelector[polyaxon], which is "experiments"; keep one`,
		},
		"a stranger": {
			owner: operation(kv{"polymoat.io/node-pol": "gpu"}, nil),
			want:  at + `annotations[polymoat.io/node-pol]: Invalid value: "gpu": is not an override; did you mean "polymoat.io/node-pool"?`,
		},
		"a stranger that reached the pod is named once": {
			pod: carries(kv{"polymoat.io/node-pol": "gpu"}, nil), owner: operation(kv{"polymoat.io/node-pol": "gpu"}, nil),
			want: `metadata.annotations[polymoat.io/node-pol]: Invalid value: "gpu": is not an override; did you mean "polymoat.io/node-pool"?`,
		},
		"core takes none":                 {pod: isCore, owner: operation(kv{pool: "gpu"}, nil)},
		"other takes none":                {pod: isOther, owner: operation(kv{pool: "gpu"}, nil)},
		"a role that accepts none at all": {pod: component("polyaxon-notebook"), owner: operation(kv{pool: "gpu"}, nil)},
	} {
		t.Run(name, func(t *testing.T) {
			pod := job()
			if tc.pod != nil {
				tc.pod(pod)
			}
			d := overridesPolicy(t).Review(policy.Request{Trust: policy.Trusted, Namespace: "polyaxon", Pod: pod, Owner: tc.owner})
			said := d.Warnings
			for _, e := range d.Invalid {
				said = append(said, e.Error())
			}
			for _, v := range d.Violations {
				said = append(said, v.String())
			}
			if diff := cmp.Diff(tc.want, strings.Join(said, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestHeedsOwner: nobody looks for the owner of a pod that takes nothing from it.
func TestHeedsOwner(t *testing.T) {
	without := v1alpha1.Default()
	without.Spec.Defaults.Overrides = nil
	p, none := overridesPolicy(t), compile(t, without)
	mirror := with(job(), func(pod *corev1.Pod) {
		pod.Annotations, pod.Spec.NodeName = kv{corev1.MirrorPodAnnotationKey: ""}, "n"
	})
	for name, tc := range map[string]struct {
		policy  *policy.Policy
		request policy.Request
		want    bool
	}{
		"a run":                            {p, policy.Request{Namespace: "polyaxon", Pod: job()}, true},
		"a run whose content tells":        {p, policy.Request{Namespace: "polyaxon", Pod: with(job(), kaniko)}, true},
		"a role that accepts no overrides": {p, policy.Request{Namespace: "polyaxon", Pod: with(job(), component("polyaxon-notebook"))}, false},
		"a policy without overrides":       {none, policy.Request{Namespace: "polyaxon", Pod: job()}, false},
		"core":                             {p, policy.Request{Namespace: "polyaxon", Pod: with(job(), isCore)}, false},
		"other":                            {p, policy.Request{Namespace: "polyaxon", Pod: with(job(), isOther)}, false},
		"another namespace":                {p, policy.Request{Namespace: "elsewhere", Pod: job()}, false},
		"a mirror pod": {p, policy.Request{Namespace: "polyaxon", Pod: mirror,
			User: policy.UserInfo{Name: "system:node:n", Groups: []string{"system:nodes"}}}, false},
	} {
		if got := tc.policy.NeedsOwner(tc.request); got != tc.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if !p.NeedsOwners() || none.NeedsOwners() {
		t.Errorf("with overrides %v, without %v", p.NeedsOwners(), none.NeedsOwners())
	}
}

// TestOwnerDoesNotMakeUpForAMistake: where the pod asks itself, and wrongly, it is not placed by what its owner says.
func TestOwnerDoesNotMakeUpForAMistake(t *testing.T) {
	pod := with(job(), func(p *corev1.Pod) { p.Labels["polymoat.io/node-selector"] = "x" })
	d := overridesPolicy(t).Mutate(policy.Request{
		Namespace: "polyaxon", Pod: pod, Owner: operation(kv{"polymoat.io/node-selector": `{"disk":"ssd"}`}, nil),
	})
	if got := d.Pod.Spec.NodeSelector["disk"]; got != "hdd" {
		t.Errorf("placed on %q, want the role's own hdd", got)
	}
}
