package displacement_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// way is something that a run asks for, and that core is in the way of.
type way struct {
	name string
	ask  func(*corev1.PodSpec)
	// evicts says that core is deleted for it where the run's group has the higher priority. A claim and a host port are
	// of one node alone: such a run waits or runs.
	evicts bool
	// starves says that it could keep core from coming back, so that it is refused whatever the priorities are.
	starves bool
	// runs says that the run needs nothing that core has.
	runs bool
}

var ways = []way{
	{name: "spread", evicts: true, ask: func(s *corev1.PodSpec) {
		s.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, MinDomains: new(int32(9)), TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule,
			NodeAffinityPolicy: ptr.To(corev1.NodeInclusionPolicyIgnore), LabelSelector: &metav1.LabelSelector{MatchLabels: coreLabels},
		}}
	}},
	{name: "affinity", evicts: true, ask: func(s *corev1.PodSpec) {
		s.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{
				MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app.kubernetes.io/part-of", Operator: metav1.LabelSelectorOpExists}},
			},
		}}}}
	}},
	{name: "anti-affinity", evicts: true, starves: true, ask: func(s *corev1.PodSpec) {
		s.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			TopologyKey: "zone", LabelSelector: &metav1.LabelSelector{MatchLabels: coreLabels},
		}}}}
	}},
	{name: "claim", ask: func(s *corev1.PodSpec) {
		s.Volumes = []corev1.Volume{{Name: "state", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "state"},
		}}}
	}},
	{name: "host-port", runs: true, ask: func(s *corev1.PodSpec) {
		s.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 8000, HostPort: 8000}}
	}},
}

var coreLabels = map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}

// withCoreOwn gives a core pod the claim and the host port.
func withCoreOwn(s *corev1.PodSpec) {
	for _, w := range ways {
		if !w.evicts {
			w.ask(s)
		}
	}
}

// prepare makes what runs and core share: a zone, classes, and a claim.
func prepare(t *testing.T) {
	t.Helper()
	admin := as(t, cluster.Admin)
	for _, name := range []string{"core-1", "core-2", "experiments-1", "experiments-2"} {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
		must(t, admin.Patch(t.Context(), node, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"zone":"a"}}}`))))
	}
	for name, value := range map[string]int32{"batch": 1000, "above": 1_000_000} {
		must(t, admin.Create(t.Context(), &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Value: value}))
	}
	once := []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}
	size := resource.MustParse("1Gi")
	must(t, admin.Create(t.Context(), &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "state"}, Spec: corev1.PersistentVolumeSpec{
		AccessModes: once, Capacity: corev1.ResourceList{corev1.ResourceStorage: size}, StorageClassName: "none",
		ClaimRef:               &corev1.ObjectReference{Namespace: cluster.Namespace, Name: "state"},
		PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: "none", VolumeHandle: "state"}},
	}}))
	must(t, admin.Create(t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "state"},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: once, StorageClassName: new("none"), VolumeName: "state",
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: size}},
		},
	}))
}
