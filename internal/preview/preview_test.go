package preview

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/explain"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// edits make a policy of the built-in one.
type edits func(*v1alpha1.PlacementPolicy)

func (e edits) policies(t *testing.T) Policies {
	t.Helper()
	doc := v1alpha1.Default()
	if e != nil {
		e(doc)
	}
	p, err := policy.New(doc)
	if err != nil {
		t.Fatal(err)
	}
	return Policies{p, []v1alpha1.File{{Name: "policy.yaml", Policy: doc}}}
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
func settled(t *testing.T) Cluster {
	t.Helper()
	c := Cluster{Owners: map[types.UID]Owner{}, Nodes: []landing.Node{{Name: "plain"}}}
	for _, pool := range []string{"core", "experiments", "builds"} {
		c.Nodes = append(c.Nodes, landing.Node{Name: pool, Labels: map[string]string{"polyaxon": pool}, Taints: []corev1.Taint{
			{Key: "polyaxon", Value: pool, Effect: corev1.TaintEffectNoSchedule},
			{Key: "node.kubernetes.io/unschedulable", Effect: corev1.TaintEffectNoSchedule},
		}})
	}
	p := edits(nil).policies(t)
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
			c.Owners["train"] = Owner{&corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: pod.Labels}, Spec: *pod.Spec.DeepCopy()}, "operation.core.polyaxon.com/train"}
		}
		c.Pods = append(c.Pods, p.Review(policy.Request{Namespace: "polyaxon", Pod: pod}).Pod)
	}
	return c
}

// Everything that can become of a pod is told of each, by namespace and name.
func TestCompare(t *testing.T) {
	gpu := func(d *v1alpha1.PlacementPolicy) {
		d.Spec.NodePools = append(d.Spec.NodePools, v1alpha1.NodePool{Name: "gpu", NodeLabel: v1alpha1.NodeLabel{Key: "polyaxon", Value: "gpu"}})
		jobs(func(r *v1alpha1.Role) { r.NodePools = []string{"gpu"} })(d)
	}
	low := jobs(func(r *v1alpha1.Role) { r.PriorityClassNames = []string{"low"} })
	none := jobs(func(r *v1alpha1.Role) { r.PriorityClassNames = []string{} })
	const onExperiments = "jobs on experiments"
	for name, tc := range map[string]struct {
		current, revised edits
		effect           Effect // empty: nothing differs
		was, is          string
		violation        string
		change           string // that does not come from the pool
	}{
		"nothing": {},
		"refused": {
			revised: low, effect: Refused, was: onExperiments, is: onExperiments,
			violation: `spec.priorityClassName is "high", which role "jobs" may not use; remove it or set it to "low" [priority-class]`,
		},
		"refused otherwise": {
			current: low, revised: none, effect: RefusedOtherwise, was: onExperiments, is: onExperiments,
			violation: `spec.priorityClassName is "high", which role "jobs" may not use; remove it [priority-class]`,
		},
		"allowed": {current: low, effect: Allowed, was: onExperiments, is: onExperiments},
		"moved": {
			revised: jobs(func(r *v1alpha1.Role) { r.NodePools = []string{"builds"} }),
			effect:  Moved, was: onExperiments, is: "jobs on builds",
		},
		"moved, with another change": {
			revised: jobs(func(r *v1alpha1.Role) {
				r.NodePools, r.Tolerations = []string{"builds"}, []corev1.Toleration{{Key: "spot", Operator: corev1.TolerationOpExists}}
			}),
			effect: Moved, was: onExperiments, is: "jobs on builds", change: "spec.tolerations[1]",
		},
		"unschedulable": {revised: gpu, effect: Unschedulable, was: onExperiments, is: "jobs on gpu"},
		"changed": {
			revised: func(d *v1alpha1.PlacementPolicy) { d.Spec.Defaults.PodSecurityContext.RunAsUser = ptr.To[int64](3333) },
			effect:  Changed, was: onExperiments, is: onExperiments, change: "spec.securityContext.runAsUser",
		},
		"governed": {current: elsewhere, effect: Governed, was: " on ", is: onExperiments},
		"released": {revised: elsewhere, effect: Released, was: onExperiments, is: " on "},
	} {
		t.Run(name, func(t *testing.T) {
			outcomes := Compare(settled(t), tc.current.policies(t), tc.revised.policies(t), 0)
			var pods []string
			for _, o := range outcomes {
				pods = append(pods, o.Owner+" "+o.Pod)
				was, is := o.Old.Role+" on "+o.Old.NodePool, o.New.Role+" on "+o.New.NodePool
				if o.Effect != tc.effect || was != tc.was || is != tc.is {
					t.Errorf("%s is %s, from %q to %q; want %s, from %q to %q", o.Pod, o.Effect, was, is, tc.effect, tc.was, tc.is)
				}
				if got := texts(o.New.Violations); got != tc.violation {
					t.Errorf("%s violates %q, want %q", o.Pod, got, tc.violation)
				}
				if tc.change != "" && !slices.ContainsFunc(o.Changes, func(d Difference) bool { return d.Path == tc.change && d.Source != policy.FromPool }) {
					t.Errorf("%s changes %+v, want %s", o.Pod, o.Changes, tc.change)
				}
			}
			want := []string{"pod/sweep sweep", "operation.core.polyaxon.com/train train-a", "operation.core.polyaxon.com/train train-b"}
			if tc.effect == "" {
				want = nil
			}
			if diff := cmp.Diff(want, pods); diff != "" {
				t.Errorf("pods (-want +got):\n%s", diff)
			}
		})
	}
}

func texts(violations []explain.Violation) string {
	var all []string
	for _, v := range violations {
		all = append(all, v.String())
	}
	return strings.Join(all, "\n")
}

// A warning that is new is an effect of its own.
func TestCompareOfWarnings(t *testing.T) {
	pod := podOf(t, "metadata: {name: api, namespace: polyaxon, labels: {app.kubernetes.io/part-of: polyaxon-core}}\nspec: {containers: [{name: main}]}")
	trustJane := edits(func(d *v1alpha1.PlacementPolicy) { d.Spec.CoreTrust.Users = []string{"jane"} })
	got := Compare(Cluster{Pods: []*corev1.Pod{pod}}, edits(nil).policies(t), trustJane.policies(t), 0)
	want := []string{`metadata.labels[app.kubernetes.io/part-of] claims role "core": its creator must be trusted with it: user "jane",` +
		` one of group "system:masters" or anyone who may "use" roles.polymoat.io "core"`}
	if len(got) != 1 || got[0].Effect != Warned {
		t.Fatalf("got %+v, want one pod that is warned", got)
	}
	if diff := cmp.Diff(want, got[0].New.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}
