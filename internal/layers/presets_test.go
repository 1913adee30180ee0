package layers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/layers"
	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/policy"
)

// withGPUs is a policy whose jobs may use a pool for GPUs, and another one when they ask for it.
const withGPUs = `
apiVersion: polymoat.io/v1alpha1
kind: PlacementPolicy
metadata: {name: gpus}
spec:
  release: plx
  namespaces: [polyaxon]
  nodePools:
  - {name: core, nodeLabel: {key: workload, value: system}, taints: [{key: dedicated, value: system, effect: NoSchedule}], protected: true}
  - {name: gpu, nodeLabel: {key: karpenter.sh/nodepool, value: a100}, taints: [{key: nvidia.com/gpu, effect: NoSchedule}], resources: [nvidia.com/gpu]}
  - {name: ml, nodeLabel: {key: workload, value: ml}}
  - {name: spot, nodeLabel: {key: karpenter.sh/capacity-type, value: spot}}
  roles:
  - {name: core, nodePools: [core]}
  - {name: experiments, nodePools: [ml], match: {any: [{labels: {kind: experiment}}]}}
  - {name: jobs, nodePools: [gpu, ml, spot], nodeSelector: {zone: a}, tolerations: [{key: spot, operator: Exists}]}
  - {name: builds}
  - {name: helpers, nodePools: [ml]}
`

func gpus(t *testing.T) *v1alpha1.PlacementPolicy {
	t.Helper()
	p, err := v1alpha1.Load("policy.yaml", []byte(withGPUs))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// policies are those of the goldens.
func policies(t *testing.T) map[string]*v1alpha1.PlacementPolicy {
	t.Helper()
	return map[string]*v1alpha1.PlacementPolicy{"default": v1alpha1.Default(), "gpus": gpus(t)}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestPresets(t *testing.T) {
	for name, p := range policies(t) {
		got, err := layers.Presets(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "presets-"+name, got)
		for doc := range strings.SplitSeq(got, "---\n") {
			if err := yaml.UnmarshalStrict([]byte(doc), &layers.Preset{}); err != nil {
				t.Errorf("%v\n%s", err, doc)
			}
		}
	}
	got, err := layers.Presets(v1alpha1.Default(), []string{"builds"})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "presets-builds", got)
}

func TestPresetsOfNoUse(t *testing.T) {
	p := gpus(t)
	for role, want := range map[string]string{
		"core":    `role "core" of policy "gpus" has no preset: kubectl polymoat values places it`,
		"helpers": `role "helpers" of policy "gpus" has no preset: Polyaxon makes the cleaner and notifiers itself`,
		"builds":  `role "builds" of policy "gpus" has no preset: it has no node pool`,
		"job":     `role "job" of policy "gpus" has no preset: there is no such role`,
	} {
		if _, err := layers.Presets(p, []string{role}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", role, err, want)
		}
	}
}

// TestARunWithItsPreset is where the webhook would place it, and lands nowhere else.
func TestARunWithItsPreset(t *testing.T) {
	spec := v1alpha1.Default().Spec
	judge, err := policy.New(v1alpha1.Default())
	if err != nil {
		t.Fatal(err)
	}
	for role, run := range map[string]string{
		"jobs":     `{kind: job, container: {image: a}}`,
		"services": `{kind: service, container: {image: a}}`,
		"builds":   `{kind: job, container: {image: gcr.io/kaniko-project/executor}}`,
	} {
		preset, err := layers.Presets(v1alpha1.Default(), []string{role})
		if err != nil {
			t.Fatal(err)
		}
		pod := podOf(t, preset, run)
		d := judge.Mutate(policy.Request{Namespace: "polyaxon", Pod: pod})
		if d.Role != role || !cmp.Equal(d.Pod.Spec.NodeSelector, pod.Spec.NodeSelector) || len(d.Pod.Spec.Tolerations) != len(pod.Spec.Tolerations) {
			t.Errorf("role %q, selector %v, tolerations %v; with the preset of %s %v and %v",
				d.Role, d.Pod.Spec.NodeSelector, d.Pod.Spec.Tolerations, role, pod.Spec.NodeSelector, pod.Spec.Tolerations)
		}
		for _, pool := range spec.NodePools {
			nodes := landing.Pool{Name: pool.Name, Key: pool.NodeLabel.Key, Value: pool.NodeLabel.Value, Taints: pool.Taints}
			want := pool.NodeLabel.Value == pod.Spec.NodeSelector["polyaxon"]
			if _, lands := landing.Witness(landing.Of(&pod.Spec), nodes); lands != want {
				t.Errorf("%s lands on %s: %t", role, pool.Name, lands)
			}
		}
	}
}

// podOf is the pod that Polyaxon makes of a run with a preset.
func podOf(t *testing.T, preset, run string) *corev1.Pod {
	t.Helper()
	var file map[string]any
	if err := yaml.Unmarshal([]byte(preset+"component: {version: 1.1, kind: component, run: "+run+"}\n"), &file); err != nil {
		t.Fatal(err)
	}
	pods, errs := manifest.Pods(manifest.FromCluster("job.yaml", file))
	if len(errs) > 0 || len(pods) != 1 {
		t.Fatalf("%d pods: %v", len(pods), errs)
	}
	return pods[0].Pod
}
