package doctor

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var ofPolyaxon = map[string][]example{
	"core-namespace": {{"a run beside the API", plainly(func(f *Facts) {
		f.Add(coreLike("api", map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}))
		f.Add(coreLike("train", map[string]string{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs"}))
	})}},
	"core-apart": {{"a run beside the API", plainly(func(f *Facts) {
		f.Add(coreLike("api", map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}))
		f.Add(coreLike("train", map[string]string{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs"}))
	})}},
	"database": {
		{"alone, and without a claim", plainly(func(f *Facts) {
			f.Add(coreLike("polyaxon-postgresql-0", map[string]string{"app": "postgresql", "release": "polyaxon"},
				corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}))
		})},
		{"replicated, and one without a claim", plainly(func(f *Facts) {
			labels := map[string]string{"app.kubernetes.io/name": "postgresql", "app.kubernetes.io/instance": "polyaxon"}
			claim := corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}
			f.Add(coreLike("polyaxon-postgresql-0", labels, corev1.Volume{Name: "data", VolumeSource: claim}))
			f.Add(coreLike("polyaxon-postgresql-1", labels, hostPath("data", "/data")))
		})},
	},
	"stores": {{"on the node, and in the pod", plainly(func(f *Facts) {
		labels := map[string]string{"type": "polyaxon-core"}
		f.Add(coreLike("api", labels, hostPath("outputs", "/tmp/outputs"), hostPath("docker", "/var/run/docker.sock"),
			corev1.Volume{Name: "logs", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}))
		resources := coreLike("resources", labels, hostPath("logs", "/var/log"))
		resources.OwnerReferences = []metav1.OwnerReference{{Kind: "DaemonSet", Name: "resources"}}
		f.Add(resources)
	})}},
	"core-security": {{"switched off", plainly(func(f *Facts) {
		labels := map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}
		f.Add(coreLike("api", labels))
		f.Add(coreLike("streams", labels))
	})}},
}

// coreLike is a pod of Polyaxon's namespace on the first core node.
func coreLike(name string, labels map[string]string, volumes ...corev1.Volume) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: name, Labels: labels},
		Spec:       corev1.PodSpec{NodeName: "core-1", Volumes: volumes},
	}
}

func hostPath(name, path string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path}}}
}
