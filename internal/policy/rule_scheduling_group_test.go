package policy_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// over is a run of a group that counts core's pods, at that priority.
func over(priority int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Priority = &priority
		p.Spec.NodeSelector = map[string]string{"polyaxon": "experiments"}
		p.Spec.SchedulingGroup = &corev1.PodSchedulingGroup{PodGroupName: new("train")}
		p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, MinDomains: new(int32(9)), TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule,
			NodeAffinityPolicy: ptr.To(corev1.NodeInclusionPolicyIgnore), LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "redis"}},
		}}
	}
}

// redis is a workload of core.
var redis = []policy.CoreWorkload{{
	Kind: schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, Name: "redis", Labels: map[string]string{"app": "redis"}, Claims: []string{"data-redis-*"},
}}

// apart are redis and a Deployment with a claim that one pod alone may mount, beside one that runs mount as well.
var apart = append(slices.Clip(redis), policy.CoreWorkload{
	Kind: schema.GroupKind{Group: "apps", Kind: "Deployment"}, Name: "api", Claims: []string{"state", "datasets"},
}.WithOncePod(func(claim string) bool { return claim == "state" }))

// TestGroupedPods: where core outranks a pod, nothing about its group is refused; where it does not, what is told is why.
func TestGroupedPods(t *testing.T) {
	const (
		group = `spec.schedulingGroup puts the pod into a group, which may evict core's pods; ` +
			`remove it, or have the policy allow schedulingGroups for role "jobs": `
		spread = `spec.topologySpreadConstraints[0] is met when core's pods are gone; remove it, or leave the group: ` +
			`it could evict a pod of StatefulSet "redis" from node "core-node" (labels polyaxon=core, zone=0; taints polyaxon=core:NoSchedule), ` +
			`to run on node "witness" (labels polyaxon=experiments, zone=0; taints polyaxon=experiments:NoSchedule)`
	)
	old, unreviewed, low, unlisted := priorities(), priorities(), priorities(), priorities()
	unlisted.Unlisted = true
	low.Lowest = new(int32(-10))
	old.Lowest, unreviewed.GroupsReviewed = new(int32(0)), false
	tolerating := func(change func(*corev1.Pod)) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			change(p)
			p.Spec.Tolerations = []corev1.Toleration{{Key: "polyaxon", Value: "experiments", Operator: corev1.TolerationOpEqual}}
		}
	}
	allowing := func(p *v1alpha1.PlacementPolicy) {
		for i := range p.Spec.Roles {
			p.Spec.Roles[i].SchedulingGroups = v1alpha1.AllowGroups
		}
	}
	refusing := func(*v1alpha1.PlacementPolicy) {}
	for name, tc := range map[string]struct {
		known         *policy.Priorities
		change        func(*corev1.Pod)
		policy        func(*v1alpha1.PlacementPolicy)
		group, spread string
	}{
		"core outranks it":       {priorities(), over(1000), refusing, "", ""},
		"as low as core":         {old, over(0), refusing, "", ""},
		"core was not restarted": {old, over(1000), refusing, group + "its priority 1000 is above core's lowest, 0", spread},
		"it evicts nobody": {old, func(p *corev1.Pod) {
			over(1000)(p)
			p.Spec.PreemptionPolicy = ptr.To(corev1.PreemptNever)
		}, refusing, "", ""},
		"the cluster's default is above core": {withDefault(priorities(), "urgent"), over(1000), refusing,
			group + "its group may have the cluster's default priority, 2000000, which is above core's lowest, 1000000", spread},
		"core is below the default": {low, func(p *corev1.Pod) {
			over(2_000_000)(p)
			p.Spec.PreemptionPolicy = ptr.To(corev1.PreemptNever)
		}, refusing, group + "its group may have the cluster's default priority, 0, which is above core's lowest, -10", spread},
		"groups are not reviewed":     {unreviewed, over(1000), refusing, group + "polymoat is not asked about PodGroups, which have priorities of their own", spread},
		"not all core pods are known": {unlisted, over(1000), refusing, group + "the priorities of the cluster are not known", spread},
		"nothing is known":            {nil, over(0), refusing, group + "the priorities of the cluster are not known", spread},
		"the role allows groups":      {old, over(1000), allowing, "", spread},
		"no group": {old, func(p *corev1.Pod) {
			over(1000)(p)
			p.Spec.SchedulingGroup = nil
		}, refusing, "", ""},
		"a group without such a field": {old, func(p *corev1.Pod) {
			over(1000)(p)
			p.Spec.TopologySpreadConstraints = nil
		}, refusing, group + "its priority 1000 is above core's lowest, 0", ""},
	} {
		r := admitted("jobs", tc.known, tolerating(tc.change))
		r.Core = redis
		d := compile(t, v1alpha1.Default(), tc.policy).Validate(r)
		if diff := cmp.Diff(tc.group, broken(d, "scheduling-group")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(tc.spread, broken(d, "displacement")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		core := admitted("core", tc.known, tc.change)
		core.Core = redis
		if d := compile(t, v1alpha1.Default()).Validate(core); broken(d, "scheduling-group")+broken(d, "displacement") != "" {
			t.Errorf("%s: core is refused: %s", name, d.Sentence("pod"))
		}
	}
}

// TestClaimOfCore: what core's pods cannot share is mounted by nobody else, whatever the priorities are.
func TestClaimOfCore(t *testing.T) {
	for claim, want := range map[string]string{
		"data-redis-0": `spec.volumes[0].persistentVolumeClaim.claimName is "data-redis-0", which StatefulSet "redis" makes for its own pods; name another claim: ` +
			`core's own pods could not start while the pod has it`,
		"state": `spec.volumes[0].persistentVolumeClaim.claimName is "state", a ReadWriteOncePod claim of the pods of Deployment "api"; name another claim: ` +
			`core's own pods could not start while the pod has it`,
		"data-redis-mine": "",
		"datasets":        "",
	} {
		change := func(p *corev1.Pod) {
			p.Spec.NodeSelector = map[string]string{"polyaxon": "experiments"}
			p.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
			}}}
		}
		r, core := admitted("jobs", priorities(), change), admitted("core", priorities(), change)
		r.Core, core.Core = apart, apart
		core.Pod.Spec.NodeSelector = nil
		if diff := cmp.Diff(want, broken(compile(t, v1alpha1.Default()).Validate(r), "displacement")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", claim, diff)
		}
		if got := broken(compile(t, v1alpha1.Default()).Validate(core), "displacement"); got != "" {
			t.Errorf("%s: core is refused: %s", claim, got)
		}
	}
}

// TestHostPort: a host port is of one node alone, and a run lands on none of core's: it neither displaces core nor starves it.
func TestHostPort(t *testing.T) {
	old := priorities()
	old.Lowest = new(int32(0))
	r := admitted("jobs", old, func(p *corev1.Pod) {
		over(1000)(p)
		p.Spec.TopologySpreadConstraints = nil
		p.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 8000, HostPort: 8000}}
	})
	r.Core = redis
	if got := broken(compile(t, v1alpha1.Default()).Validate(r), "displacement"); got != "" {
		t.Error(got)
	}
}
