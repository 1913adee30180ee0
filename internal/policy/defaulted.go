package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// defaulted is the pod with what an API server fills in before admission, as far as a rule looks at it: on the host's
// network a container's ports are the host's, and a volume of no kind is an emptyDir. Pods of files and templates have
// not come by an API server. The source is SetDefaults_PodSpec and SetDefaults_Volume of k8s.io/kubernetes.
func defaulted(pod *corev1.Pod) *corev1.Pod {
	spec := pod.Spec
	if !spec.HostNetwork && !slices.ContainsFunc(spec.Volumes, hasNoKind) {
		return pod
	}
	pod = pod.DeepCopy()
	for i := range pod.Spec.Volumes {
		if v := &pod.Spec.Volumes[i]; hasNoKind(*v) {
			v.EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
	if !spec.HostNetwork {
		return pod
	}
	for c := range containers(&pod.Spec) {
		if c.ephemeral {
			continue
		}
		for i := range c.Ports {
			if c.Ports[i].HostPort == 0 {
				c.Ports[i].HostPort = c.Ports[i].ContainerPort
			}
		}
	}
	return pod
}

func hasNoKind(v corev1.Volume) bool { return v.VolumeSource == (corev1.VolumeSource{}) }
