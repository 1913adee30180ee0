package scheduler

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	schedulingv1alpha3 "k8s.io/api/scheduling/v1alpha3"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/policy"
)

// scene is a cluster in which core runs, and a run that wants in.
type scene struct {
	nodes    []*corev1.Node
	pods     []*corev1.Pod
	run      run
	classes  map[string]policy.PriorityClass
	standard string // the class of what names none
	reviewed bool
}

var coreLabels = map[string]string{"app.kubernetes.io/part-of": "polyaxon-core", "app": "api"}

// coreWorkloads are what polymoat knows of core in every scene.
var coreWorkloads = []policy.CoreWorkload{{
	Kind: schema.GroupKind{Group: "apps", Kind: "Deployment"}, Name: "api", Labels: coreLabels, Claims: []string{"state"},
}}

func isCore(p *corev1.Pod) bool { return p.Labels["app"] == "api" }

// claims are core's own, for one pod at a time, with its volume.
func claims() []k8sruntime.Object {
	size := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	once := []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: "state"}}
	claim.Annotations = map[string]string{"pv.kubernetes.io/bind-completed": "yes"}
	claim.Spec = corev1.PersistentVolumeClaimSpec{AccessModes: once, VolumeName: "state", Resources: corev1.VolumeResourceRequirements{Requests: size}}
	claim.Status.Phase = corev1.ClaimBound
	volume := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "state"}}
	volume.Spec = corev1.PersistentVolumeSpec{
		AccessModes: once, Capacity: size, ClaimRef: &corev1.ObjectReference{Namespace: "polyaxon", Name: "state"},
		PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: "none", VolumeHandle: "state"}},
	}
	volume.Status.Phase = corev1.VolumeBound
	return []k8sruntime.Object{claim, volume, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "polyaxon"}}}
}

// generate is a cluster of few nodes, with classes below and above core.
func generate(r *rand.Rand) scene {
	c := scene{reviewed: r.IntN(4) > 0, classes: map[string]policy.PriorityClass{
		"polyaxon-core": {Value: 1_000_000}, "low": {Value: -10}, "batch": {Value: 1000}, "urgent": {Value: 2_000_000},
		"patient": {Value: 2_000_000, Never: true},
	}}
	if r.IntN(3) == 0 {
		c.standard = one(r, "low", "batch", "batch", "urgent")
		class := c.classes[c.standard]
		class.Default = true
		c.classes[c.standard] = class
	}
	for i := range 1 + r.IntN(2) {
		c.addNode(r, "core", i)
	}
	for i := range 1 + r.IntN(3) {
		c.addNode(r, "experiments", i)
	}
	class := one(r, "polyaxon-core", "", "low", "low", "batch")
	for i := range 1 + r.IntN(3) {
		if r.IntN(6) == 0 {
			class = "" // it was not restarted
		}
		pod := c.pod(fmt.Sprintf("api-%d", i), coreLabels, class)
		pod.Spec.NodeName = fmt.Sprintf("core-%d", r.IntN(len(c.nodes)))
		for c.node(pod.Spec.NodeName) == nil {
			pod.Spec.NodeName = fmt.Sprintf("core-%d", r.IntN(2))
		}
		if i == 0 {
			claiming(pod)
		}
		c.pods = append(c.pods, pod)
	}
	for i := range r.IntN(3) {
		pod := c.pod(fmt.Sprintf("old-%d", i), runLabels("old"), one(r, "", "low", "batch"))
		pod.Spec.NodeName = "experiments-0"
		c.pods = append(c.pods, pod)
	}
	c.generateRun(r)
	return c
}

func (c *scene) addNode(r *rand.Rand, pool string, i int) {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", pool, i)}}
	n.Labels = map[string]string{"polyaxon": pool, corev1.LabelHostname: n.Name}
	if r.IntN(5) > 0 {
		n.Labels["zone"] = one(r, "a", "b")
	}
	n.Spec.Taints = []corev1.Taint{{Key: "polyaxon", Value: pool, Effect: corev1.TaintEffectNoSchedule}}
	n.Status.Allocatable = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourcePods: resource.MustParse("10")}
	n.Status.Capacity = n.Status.Allocatable
	c.nodes = append(c.nodes, n)
}

func (c *scene) node(name string) *corev1.Node {
	for _, n := range c.nodes {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// pod is one whose priority the API server has resolved.
func (c *scene) pod(name string, labels map[string]string, class string) *corev1.Pod {
	class = cmp.Or(class, c.standard)
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: name, UID: types.UID(name), Labels: labels}}
	p.Spec.SchedulerName, p.Spec.PriorityClassName, p.Spec.Priority = "default-scheduler", class, new(c.classes[class].Value)
	p.Spec.PreemptionPolicy = ptr.To(corev1.PreemptLowerPriority)
	if c.classes[class].Never {
		p.Spec.PreemptionPolicy = ptr.To(corev1.PreemptNever)
	}
	p.Spec.Containers = []corev1.Container{{Name: "main", Image: "busybox", Resources: corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")},
	}}}
	return p
}

// known is what polymoat is told of priorities.
func (c *scene) known() policy.Priorities {
	known := policy.Priorities{Classes: c.classes, GroupsReviewed: c.reviewed}
	for _, p := range c.pods {
		if isCore(p) {
			known.Count(*p.Spec.Priority)
		}
	}
	return known
}

func (c *scene) snapshot() *cache.Snapshot {
	if c.run.group == nil {
		return cache.NewSnapshot(c.pods, c.nodes)
	}
	var parents []*schedulingv1alpha3.CompositePodGroup
	if c.run.composite != nil {
		parents = append(parents, c.run.composite)
	}
	return cache.NewTestSnapshotWithCompositePodGroups(c.pods, c.nodes, []*schedulingv1beta1.PodGroup{c.run.group}, parents)
}

func one[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }
