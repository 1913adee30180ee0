package clustermap

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/picture"
	"github.com/polymoat/polymoat/internal/policy"
)

// edits make a policy of the built-in one.
type edits func(*v1alpha1.PlacementPolicy)

// today is when the maps of tests are drawn.
var today = time.Date(2026, time.March, 9, 8, 30, 0, 0, time.UTC)

// drawn is the map of nodes and pods under a policy.
func drawn(t *testing.T, e edits, nodes []corev1.Node, pods ...*corev1.Pod) *picture.Map {
	t.Helper()
	doc := v1alpha1.Default()
	if e != nil {
		e(doc)
	}
	b, err := New([]v1alpha1.File{{Name: "policy.yaml", Policy: doc}}, "", today)
	if err != nil {
		t.Fatal(err)
	}
	for i := range nodes {
		b.AddNode(&nodes[i])
	}
	b.Core["polyaxon"] = []policy.CoreWorkload{
		{Kind: schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}, Name: "owner", UID: "owner"},
		{Kind: schema.GroupKind{Group: "apps", Kind: "DaemonSet"}, Name: "owner", UID: "owner"},
	}
	for _, p := range pods {
		b.AddPod(p)
	}
	return b.Map(nil)
}

func ready(name, pool string) corev1.Node {
	n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if pool != "" {
		n.Labels = map[string]string{"polyaxon": pool}
		n.Spec.Taints = []corev1.Taint{{Key: "polyaxon", Value: pool, Effect: corev1.TaintEffectNoSchedule}}
	}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	return n
}

func on(node string, pod *corev1.Pod) *corev1.Pod {
	pod.Spec.NodeName = node
	return pod
}

// run is the pod of a run, sealed off core by its affinity, as polymoat would have placed it.
func run(t *testing.T) *corev1.Pod {
	t.Helper()
	return podOf(t, `
metadata:
  namespace: polyaxon
  name: train
  labels: {app.kubernetes.io/part-of: polyaxon-runs, app.kubernetes.io/component: polyaxon-jobs}
  annotations: {operation.polyaxon.com/owner: jane, operation.polyaxon.com/project: mnist}
spec:
  containers: [{name: main, image: busybox}]
  nodeSelector: {polyaxon: experiments}
  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [
    {key: polyaxon, operator: NotIn, values: [core]}]}]}}}`)
}

func api(t *testing.T) *corev1.Pod {
	t.Helper()
	return podOf(t, `
metadata: {namespace: polyaxon, name: api, labels: {app.kubernetes.io/part-of: polyaxon-core}}
spec: {containers: [{name: main, image: busybox}]}`)
}

func ownedBy(pod *corev1.Pod, apiVersion, kind string) *corev1.Pod {
	pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: "owner", UID: "owner", Controller: ptr.To(true)}}
	return pod
}

// A pod on a protected node is marked by what its role may, however it came there and whatever the policy does about it.
func TestMarks(t *testing.T) {
	shadowed := func(d *v1alpha1.PlacementPolicy) { d.Spec.Shadow = []v1alpha1.Scope{{}} }
	audited := func(d *v1alpha1.PlacementPolicy) { d.Spec.Modes = []v1alpha1.RuleMode{{Mode: v1alpha1.Audit}} }
	excepted := func(d *v1alpha1.PlacementPolicy) {
		d.Spec.Exceptions = []v1alpha1.Exception{{
			Name: "move", Namespaces: []string{"polyaxon"}, Roles: []string{"jobs"}, Rules: []string{"core-nodes", "run-as-root", "pod-security", "node-name"},
			Owner: "jane@example.com", Reason: "until it moves", Expires: "2026-12-31",
		}}
	}
	const misplaced = `role "jobs" may not use node pool "core"`
	outside, static := run(t), run(t)
	outside.Namespace = "web"
	static.Annotations[corev1.MirrorPodAnnotationKey] = "x"
	static.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: "core-1", Controller: ptr.To(true)}}
	for name, tc := range map[string]struct {
		policy  edits
		pod     *corev1.Pod
		node    string
		mark    picture.Mark
		because string
	}{
		"a run on a node of its pool":    {nil, run(t), "exp-1", "", ""},
		"a run on core":                  {nil, run(t), "core-1", picture.Misplaced, misplaced},
		"a run on core, in shadow":       {shadowed, run(t), "core-1", picture.Misplaced, misplaced},
		"a run on core, in mode Audit":   {audited, run(t), "core-1", picture.Misplaced, misplaced},
		"a run on core, by an exception": {excepted, run(t), "core-1", "", ""},
		"a run in no governed namespace": {nil, outside, "core-1", "", ""},
		"a static pod":                   {nil, static, "core-1", "", ""},
		"core of a Deployment":           {nil, ownedBy(api(t), "apps/v1", "ReplicaSet"), "core-1", "", ""},
		"core of a DaemonSet":            {nil, ownedBy(api(t), "apps/v1", "DaemonSet"), "core-1", "", ""},
		"core of a StatefulSet that is not core": {
			nil, ownedBy(api(t), "apps/v1", "StatefulSet"), "core-1", picture.Misplaced,
			`not from a core workload: the template of statefulset.apps/owner does not claim role "core"`,
		},
		"core that nothing owns":           {nil, api(t), "core-1", picture.Unproven, "it has no controller"},
		"core that nothing owns, off core": {nil, api(t), "exp-1", "", ""},
		"core of an operator": {
			nil, ownedBy(api(t), "example.com/v1", "Api"), "core-1", picture.Unproven,
			"under which user its controller api.example.com/owner runs is not known",
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := drawn(t, tc.policy, []corev1.Node{ready("core-1", "core"), ready("exp-1", "experiments")}, on(tc.node, tc.pod))
			var got []picture.Pod
			for _, p := range m.Pools {
				for _, n := range p.Nodes {
					got = append(got, n.Pods...)
				}
			}
			if len(got) != 1 || got[0].Mark != tc.mark || got[0].Because != tc.because {
				t.Errorf("drawn is %+v, want mark %q because %q", got, tc.mark, tc.because)
			}
		})
	}
}

// Every node is in one pool, every pod on its node or waiting, with what is told of it.
func TestLocate(t *testing.T) {
	cordoned := ready("exp-2", "experiments")
	cordoned.Spec.Unschedulable, cordoned.Status.Conditions = true, nil
	waiting := run(t)
	waiting.Name = "waits"
	gone := run(t)
	m := drawn(t, nil, []corev1.Node{cordoned, ready("plain", ""), ready("exp-1", "experiments")},
		on("exp-1", ownedBy(run(t), "batch/v1", "Job")), waiting, on("gone", gone))
	train := picture.Pod{Namespace: "polyaxon", Name: "train", Role: "jobs", Parent: "job.batch/owner", Owner: "jane", Project: "mnist"}
	waits := train
	waits.Name, waits.Parent = "waits", ""
	want := &picture.Map{
		Taken: today,
		Pools: []picture.Pool{
			{Name: "core", Label: "polyaxon=core", Protected: true, Nodes: []picture.Node{}},
			{Name: "experiments", Label: "polyaxon=experiments", Nodes: []picture.Node{
				{Name: "exp-1", Pods: []picture.Pod{train}},
				{Name: "exp-2", Notes: []string{"cordoned", "not ready"}, Pods: []picture.Pod{}},
			}},
			{Name: "builds", Label: "polyaxon=builds", Nodes: []picture.Node{}},
			{Nodes: []picture.Node{{Name: "plain", Pods: []picture.Pod{}}}},
		},
		Waiting: []picture.Pod{waits},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("map (-want +got):\n%s", diff)
	}
}

// A node that several pools describe belongs to the protected one, whichever comes first.
func TestProtectedPoolCounts(t *testing.T) {
	for _, reversed := range []bool{false, true} {
		several := func(d *v1alpha1.PlacementPolicy) {
			d.Spec.NodePools = append(d.Spec.NodePools, v1alpha1.NodePool{Name: "fast", NodeLabel: v1alpha1.NodeLabel{Key: "disk", Value: "ssd"}})
			if reversed {
				slices.Reverse(d.Spec.NodePools)
			}
		}
		node := ready("core-1", "core")
		node.Labels["disk"] = "ssd"
		m := drawn(t, several, []corev1.Node{node})
		if m.Pools[0].Name != "core" || len(m.Pools[0].Nodes) != 1 {
			t.Errorf("reversed %t: the first pool is %+v, want core with its node", reversed, m.Pools[0])
		}
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
