package drill

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/resource"
)

// Pod is a pod of the cluster that has not ended. It keeps what scheduling looks at, and no more: a pod is 10 KiB and
// more, this is 1 KiB.
type Pod struct {
	corev1.Pod
	Core bool
	// Comes is the pod that comes in its place, as admission leaves it; nil where none does, and then Why says why.
	Comes *Pod
	Why   string

	asks  amounts
	ports []corev1.ContainerPort // those of the host
	near  []term                 // required affinity
	far   []term                 // required anti-affinity
	at    int                    // index of its node; -1 where it has none
	// Together says that its StatefulSet creates its pods all at once.
	Together bool
}

// NewPod keeps what scheduling looks at. The pod that comes in its place is such a pod, unless the caller knows better.
func NewPod(full *corev1.Pod) *Pod {
	p := &Pod{Pod: slim(full), asks: amountsOf(resource.PodRequests(full, resource.PodResourcesOptions{UseStatusResources: true})), at: -1}
	for containers := range allContainers(&full.Spec) {
		for _, port := range containers.Ports {
			if port.HostPort > 0 {
				p.ports = append(p.ports, port)
			}
		}
	}
	if a := full.Spec.Affinity; a != nil && a.PodAffinity != nil {
		p.near = termsOf(full.Namespace, a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
	}
	if a := full.Spec.Affinity; a != nil && a.PodAntiAffinity != nil {
		p.far = termsOf(full.Namespace, a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
	}
	if controller := metav1.GetControllerOfNoCopy(full); controller == nil {
		p.Why = bare
	} else if controller.Kind == "DaemonSet" || controller.Kind == "Node" {
		p.Why = ofItsNode
	} else {
		p.Comes = p
	}
	return p
}

// allContainers yields those that have ports: of init containers, the ones that keep running.
func allContainers(spec *corev1.PodSpec) func(func(*corev1.Container) bool) {
	return func(yield func(*corev1.Container) bool) {
		for i := range spec.InitContainers {
			c := &spec.InitContainers[i]
			if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways && !yield(c) {
				return
			}
		}
		for i := range spec.Containers {
			if !yield(&spec.Containers[i]) {
				return
			}
		}
	}
}

// slim is a pod without containers, and whatever else scheduling does not look at.
func slim(full *corev1.Pod) corev1.Pod {
	pod := corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: full.Namespace, Name: full.Name, UID: full.UID, Labels: full.Labels,
			OwnerReferences: full.OwnerReferences, DeletionTimestamp: full.DeletionTimestamp,
		},
		Spec: corev1.PodSpec{
			NodeName: full.Spec.NodeName, NodeSelector: full.Spec.NodeSelector, Affinity: full.Spec.Affinity,
			Tolerations: full.Spec.Tolerations, TopologySpreadConstraints: full.Spec.TopologySpreadConstraints,
			Priority: full.Spec.Priority, PreemptionPolicy: full.Spec.PreemptionPolicy, SchedulingGates: full.Spec.SchedulingGates,
			ResourceClaims: full.Spec.ResourceClaims,
		},
		Status: corev1.PodStatus{StartTime: full.Status.StartTime},
	}
	for _, v := range full.Spec.Volumes {
		if v.PersistentVolumeClaim != nil || v.Ephemeral != nil {
			pod.Spec.Volumes = append(pod.Spec.Volumes, v)
		}
	}
	return pod
}

// amounts are what a pod asks for or a node gives: thousandths of cpu, bytes, pieces.
type amounts map[corev1.ResourceName]int64

func amountsOf(list corev1.ResourceList) amounts {
	all := make(amounts, len(list))
	for name, quantity := range list {
		if all[name] = quantity.Value(); name == corev1.ResourceCPU {
			all[name] = quantity.MilliValue()
		}
	}
	return all
}

func (a amounts) add(b amounts, times int64) {
	for name, value := range b {
		a[name] += times * value
	}
}
