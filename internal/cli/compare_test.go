package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// edits make a policy of the built-in one.
type edits func(*v1alpha1.PlacementPolicy)

func (e edits) side(t *testing.T) side {
	t.Helper()
	doc := v1alpha1.Default()
	if e != nil {
		e(doc)
	}
	p, err := policy.New(doc)
	if err != nil {
		t.Fatal(err)
	}
	return side{p, []v1alpha1.File{{Name: "policy.yaml", Policy: doc}}}
}

// jobs edits that role of the policy.
func jobs(edit func(*v1alpha1.Role)) edits {
	return func(d *v1alpha1.PlacementPolicy) {
		for i := range d.Spec.Roles {
			if d.Spec.Roles[i].Name == v1alpha1.RoleJobs {
				edit(&d.Spec.Roles[i])
			}
		}
	}
}

func elsewhere(d *v1alpha1.PlacementPolicy) { d.Spec.Namespaces = []string{"elsewhere"} }

// settled are a cluster's nodes, two pods of a Job and one that nothing owns, all placed as the built-in policy does.
func settled(t *testing.T) *survey {
	t.Helper()
	s := &survey{owners: map[types.UID]owner{}, nodes: []landing.Node{{Name: "plain"}}}
	for _, pool := range []string{"core", "experiments", "builds"} {
		s.nodes = append(s.nodes, landing.Node{Name: pool, Labels: map[string]string{"polyaxon": pool}, Taints: []corev1.Taint{
			{Key: "polyaxon", Value: pool, Effect: corev1.TaintEffectNoSchedule},
			{Key: "node.kubernetes.io/unschedulable", Effect: corev1.TaintEffectNoSchedule},
		}})
	}
	p := edits(nil).side(t)
	for _, name := range []string{"train-a", "train-b", "sweep"} {
		pod := podOf(t, `
metadata:
  namespace: polyaxon
  labels: {app.kubernetes.io/part-of: polyaxon-runs, app.kubernetes.io/component: polyaxon-jobs}
spec: {priorityClassName: high, containers: [{name: main, image: busybox}]}`)
		pod.Name = name
		if strings.HasPrefix(name, "train") {
			job := metav1.OwnerReference{APIVersion: "batch/v1", Kind: "Job", Name: "train", UID: "train", Controller: ptr.To(true)}
			pod.OwnerReferences = []metav1.OwnerReference{job}
			s.owners["train"] = owner{&corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: pod.Labels}, Spec: *pod.Spec.DeepCopy()}, "operation.core.polyaxon.com/train"}
		}
		s.pods = append(s.pods, p.Review(policy.Request{Namespace: "polyaxon", Pod: pod}).Pod)
	}
	return s
}

// Everything that can become of a pod is told, alike pods together, the pods of one owner in one line.
func TestPreviewText(t *testing.T) {
	const pods = `  Pods:       pod/sweep (polyaxon)
              operation.core.polyaxon.com/train (polyaxon), 2 pods

3 of 3 pods: 3 `
	gpu := func(d *v1alpha1.PlacementPolicy) {
		d.Spec.NodePools = append(d.Spec.NodePools, v1alpha1.NodePool{Name: "gpu", NodeLabel: v1alpha1.NodeLabel{Key: "polyaxon", Value: "gpu"}})
		jobs(func(r *v1alpha1.Role) { r.NodePools = []string{"gpu"} })(d)
	}
	low := jobs(func(r *v1alpha1.Role) { r.PriorityClassNames = []string{"low"} })
	none := jobs(func(r *v1alpha1.Role) { r.PriorityClassNames = []string{} })
	for name, tc := range map[string]struct {
		current, revised edits
		want             string
	}{
		"nothing": {want: "Nothing differs for 3 pods.\n"},
		"refused": {
			revised: low,
			want: `Would be refused: 3 pods
  Role:       jobs
  Violation:  spec.priorityClassName is "high", which role "jobs" may not use;
              remove it or set it to "low" [priority-class]
` + pods + "refused.\n",
		},
		"refused otherwise": {
			current: low, revised: none,
			want: `Are refused already, and would be for other reasons: 3 pods
  Role:       jobs
  Violation:  spec.priorityClassName is "high", which role "jobs" may not use;
              remove it [priority-class]
` + pods + "refused for other reasons.\n",
		},
		"allowed": {current: low, want: `Would be refused no longer: 3 pods
  Role:       jobs
  Node pool:  experiments
` + pods + "no longer refused.\n"},
		"moved": {
			revised: jobs(func(r *v1alpha1.Role) { r.NodePools = []string{"builds"} }),
			want: `Would run on another node pool: 3 pods
  Role:       jobs
  Node pool:  experiments -> builds
` + pods + "moved.\n",
		},
		"moved, with another change": {
			revised: jobs(func(r *v1alpha1.Role) {
				r.NodePools, r.Tolerations = []string{"builds"}, []corev1.Toleration{{Key: "spot", Operator: corev1.TolerationOpExists}}
			}),
			want: `Would run on another node pool: 3 pods
  Role:       jobs
  Node pool:  experiments -> builds
  Fields:     spec.tolerations[1] none -> spot op=Exists
` + pods + "moved.\n",
		},
		"unschedulable": {
			revised: gpu,
			want: `Would find no node among those that are there now: 3 pods
  Role:       jobs
  Node pool:  experiments -> gpu
` + pods + "without a node.\n",
		},
		"changed": {
			revised: func(d *v1alpha1.PlacementPolicy) { d.Spec.Defaults.PodSecurityContext.RunAsUser = ptr.To[int64](3333) },
			want: `Would be changed: 3 pods
  Role:       jobs
  Node pool:  experiments
  Fields:     spec.securityContext.runAsUser 2222 -> 3333
` + pods + "changed.\n",
		},
		"governed": {current: elsewhere, want: `Would come under polymoat: 3 pods
  Role:       none -> jobs
  Node pool:  none -> experiments
` + pods + "newly governed.\n"},
		"released": {revised: elsewhere, want: `Would be governed no longer: 3 pods
  Role:       jobs -> none
  Node pool:  experiments -> none
` + pods + "no longer governed.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			s := settled(t)
			newConsole(nil, &out, nil).previewText(compare(s, tc.current.side(t), tc.revised.side(t)), len(s.pods))
			if diff := cmp.Diff(tc.want, out.String()); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

// A warning that is new is an effect of its own.
func TestPreviewOfWarnings(t *testing.T) {
	pod := podOf(t, "metadata: {name: api, namespace: polyaxon, labels: {app.kubernetes.io/part-of: polyaxon-core}}\nspec: {containers: [{name: main}]}")
	s := &survey{pods: []*corev1.Pod{pod}}
	trustJane := edits(func(d *v1alpha1.PlacementPolicy) { d.Spec.CoreTrust.Users = []string{"jane"} })
	var out bytes.Buffer
	newConsole(nil, &out, nil).previewText(compare(s, edits(nil).side(t), trustJane.side(t)), 1)
	want := `Would get a new warning: 1 pod
  Role:       core
  Node pool:  core
  Warning:    metadata.labels[app.kubernetes.io/part-of] claims role "core": its
              creator must be trusted with it: user "jane", one of group
              "system:masters" or anyone who may "use" roles.polymoat.io "core"
  Pods:       pod/api (polyaxon)

1 of 1 pod: 1 warned.
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}
