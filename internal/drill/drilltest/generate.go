// Package drilltest generates clusters for drills: few nodes in few zones, little room, and workloads that ask for
// everything by which the scheduler keeps pods off nodes. All of it is such as the API server accepts.
package drilltest

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Choose returns a number from 0 to n-1.
type Choose func(n int) int

// one says yes once in n times.
func (c Choose) one(n int) bool { return c(n) == 0 }

// Class is the storage class of all claims: its volumes are there, and bound when the first pod has a node.
const Class = "drill"

// NodeLabel tells the nodes of clusters apart that share a control plane; its value is the prefix of all names.
const NodeLabel = "drill"

// Cluster is what somebody creates: what is done about it is for controllers and scheduler.
type Cluster struct {
	Name      string // the prefix of all names, and the namespace
	Nodes     []*corev1.Node
	Volumes   []*corev1.PersistentVolume
	Budgets   []*policyv1.PodDisruptionBudget
	Workloads []Workload
	Lose      []string // names of nodes
}

// Workload is a ReplicaSet, or a StatefulSet where Claims are set.
type Workload struct {
	Name     string
	Replicas int32
	Template corev1.PodTemplateSpec
	Claims   []corev1.PersistentVolumeClaim // for each pod
}

// Generate makes a cluster.
func Generate(choose Choose, name string) Cluster {
	c := Cluster{Name: name}
	zones := 1 + choose(3)
	for i := range 3 + choose(4) {
		c.Nodes = append(c.Nodes, node(choose, name, i, zones))
	}
	for i := range 2 + choose(4) {
		w := workload(choose, name, i)
		c.Workloads = append(c.Workloads, w)
		for range int(w.Replicas) * len(w.Claims) {
			c.Volumes = append(c.Volumes, volume(choose, c, w.Claims[0].Spec.AccessModes))
		}
		if choose.one(2) {
			c.Budgets = append(c.Budgets, budget(choose, name, w))
		}
	}
	lost := c.Nodes[choose(len(c.Nodes))]
	for _, n := range c.Nodes {
		zone := n.Labels[corev1.LabelTopologyZone]
		if n == lost || choose.one(3) && zone != "" && zone == lost.Labels[corev1.LabelTopologyZone] {
			c.Lose = append(c.Lose, n.Name)
		}
	}
	return c
}

func taint(value string) corev1.Taint {
	return corev1.Taint{Key: "polyaxon", Value: value, Effect: corev1.TaintEffectNoSchedule}
}

func node(choose Choose, name string, i, zones int) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", name, i)}}
	n.Labels = map[string]string{NodeLabel: name, corev1.LabelHostname: n.Name, "polyaxon": "core"}
	if !choose.one(12) {
		n.Labels[corev1.LabelTopologyZone] = fmt.Sprintf("%s-%c", name, 'a'+choose(zones))
	}
	if choose.one(5) {
		n.Labels["polyaxon"] = "experiments"
	}
	if choose.one(3) {
		n.Spec.Taints = []corev1.Taint{taint(n.Labels["polyaxon"])}
	}
	n.Spec.Unschedulable = choose.one(12)
	n.Status.Allocatable = corev1.ResourceList{
		corev1.ResourceCPU: *resource.NewMilliQuantity(int64(1000*(1+choose(4))), resource.DecimalSI), corev1.ResourceMemory: resource.MustParse("4Gi"),
		corev1.ResourcePods: *resource.NewQuantity(int64(3+choose(12)), resource.DecimalSI),
	}
	n.Status.Capacity = n.Status.Allocatable
	return n
}

func app(i int) string { return fmt.Sprintf("app-%d", i) }

func about(i int) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": app(i)}}
}

func workload(choose Choose, name string, i int) Workload {
	w := Workload{Name: app(i), Replicas: int32(1 + choose(3))}
	w.Template.Labels = map[string]string{"app": app(i)}
	spec := &w.Template.Spec
	spec.NodeSelector = map[string]string{NodeLabel: name}
	if choose.one(3) {
		spec.NodeSelector["polyaxon"] = "core"
	}
	if !choose.one(4) {
		spec.Tolerations = []corev1.Toleration{{Key: "polyaxon", Operator: corev1.TolerationOpExists}}
	}
	container := corev1.Container{Name: "main", Image: "polyaxon/none"}
	container.Resources.Requests = corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(int64(250*choose(6)), resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(int64(choose(3))<<30, resource.BinarySI),
	}
	if choose.one(6) {
		port := int32(8080 + choose(2))
		container.Ports = []corev1.ContainerPort{{ContainerPort: port, HostPort: port, Protocol: corev1.ProtocolTCP}}
	}
	spec.Containers = []corev1.Container{container}
	if choose.one(3) {
		spec.TopologySpreadConstraints = append(spec.TopologySpreadConstraints, spread(choose, i))
	}
	spec.Affinity = affinity(choose, i)
	if choose.one(3) {
		w.Claims = []corev1.PersistentVolumeClaim{claim(choose)}
	}
	return w
}

func key(choose Choose) string {
	return []string{corev1.LabelHostname, corev1.LabelTopologyZone}[choose(2)]
}

func spread(choose Choose, i int) corev1.TopologySpreadConstraint {
	policies := []corev1.NodeInclusionPolicy{corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore}
	c := corev1.TopologySpreadConstraint{
		TopologyKey: key(choose), MaxSkew: int32(1 + choose(2)), WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: about(i - choose(2)*choose(2)),
	}
	if choose.one(3) {
		c.MinDomains = new(int32(1 + choose(3)))
	}
	// Clusters that share a control plane must not see each other's nodes: affinity is honoured.
	if choose.one(2) {
		c.NodeTaintsPolicy = &policies[choose(2)]
	}
	return c
}

func affinity(choose Choose, i int) *corev1.Affinity {
	a := &corev1.Affinity{}
	if choose.one(5) {
		a.PodAffinity = &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			TopologyKey: key(choose), LabelSelector: about(max(0, i-choose(2))),
		}}}
	}
	if choose.one(3) {
		term := corev1.PodAffinityTerm{TopologyKey: key(choose), LabelSelector: about(max(0, i-choose(3)))}
		a.PodAntiAffinity = &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term}}
	}
	return a
}

func claim(choose Choose) corev1.PersistentVolumeClaim {
	c := corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "data"}}
	c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	if choose.one(3) {
		c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}
	}
	c.Spec.StorageClassName = new(Class)
	c.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: *resource.NewQuantity(int64(1+choose(3))<<30, resource.BinarySI)}
	return c
}

// volume is tied to a zone, to a node, or to all nodes of the cluster.
func volume(choose Choose, c Cluster, modes []corev1.PersistentVolumeAccessMode) *corev1.PersistentVolume {
	v := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-volume-%d", c.Name, len(c.Volumes))}}
	v.Spec = corev1.PersistentVolumeSpec{
		StorageClassName: Class, Capacity: corev1.ResourceList{corev1.ResourceStorage: *resource.NewQuantity(int64(1+choose(3))<<30, resource.BinarySI)},
		AccessModes:                   modes,
		PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
		PersistentVolumeSource:        corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: "drill.polymoat.io", VolumeHandle: v.Name}},
	}
	v.Status.Phase = corev1.VolumeAvailable
	terms := []corev1.NodeSelectorRequirement{{Key: NodeLabel, Operator: corev1.NodeSelectorOpIn, Values: []string{c.Name}}}
	near := c.Nodes[choose(len(c.Nodes))]
	for _, label := range [][]string{{corev1.LabelHostname}, {corev1.LabelTopologyZone}, {corev1.LabelTopologyZone}, nil}[choose(4)] {
		if value, ok := near.Labels[label]; ok {
			terms = append(terms, corev1.NodeSelectorRequirement{Key: label, Operator: corev1.NodeSelectorOpIn, Values: []string{value}})
		}
	}
	if zone, ok := near.Labels[corev1.LabelTopologyZone]; ok && choose.one(5) {
		v.Labels = map[string]string{corev1.LabelTopologyZone: zone}
	}
	v.Spec.NodeAffinity = &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: terms}}}}
	return v
}

func budget(choose Choose, name string, w Workload) *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: w.Name},
		Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable: new(intstr.FromInt32(int32(choose(3)))), Selector: &metav1.LabelSelector{MatchLabels: w.Template.Labels},
		},
	}
}

// StorageClass is the class of all claims.
func StorageClass() *storagev1.StorageClass {
	return &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{Name: Class}, Provisioner: "kubernetes.io/no-provisioner",
		VolumeBindingMode: new(storagev1.VolumeBindingWaitForFirstConsumer),
	}
}
