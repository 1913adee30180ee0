package doctor

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
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
	"core-priority": {
		{"the class is missing", plainly(func(f *Facts) { f.Classes = nil })},
		{"pods from before", plainly(func(f *Facts) {
			old, new := coreLike("api", coreMark), coreLike("beat", coreMark)
			new.Spec.Priority = ptr.To[int32](1_000_000)
			f.Add(old)
			f.Add(new)
		})},
		{"a default above core", plainly(func(f *Facts) {
			f.Add(&schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "all"}, Value: 1_000_000, GlobalDefault: true})
		})},
	},
	"core-neighbours": {{"pods of other namespaces, and a run", plainly(func(f *Facts) {
		api, run := coreLike("api", coreMark), coreLike("train", run())
		f.Add(api)
		f.Add(run)
		f.Neighbours = []*corev1.Pod{api, run}
		for name, priority := range map[string]int32{"low": -1, "lower": -2, "alike": 0} {
			pod := coreLike(name, nil)
			pod.Namespace, pod.Spec.Priority = "monitoring", &priority
			f.Neighbours = append(f.Neighbours, pod)
		}
		daemon := coreLike("collector", nil)
		daemon.Spec.Priority = ptr.To[int32](-1)
		daemon.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "collector", Controller: ptr.To(true)}}
		f.Neighbours = append(f.Neighbours, daemon)
	})}},
	"core-budget": {{"two replicas, and one alone", plainly(func(f *Facts) {
		for name, owner := range map[string]types.UID{"api-1": "api", "api-2": "api", "beat": "beat"} {
			pod := coreLike(name, coreMark)
			pod.Spec.Priority = ptr.To[int32](1_000_000)
			pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: string(owner), UID: owner, Controller: ptr.To(true)}}
			f.Add(pod)
		}
	})}},
	"core-places": {
		{"a run with the name of a component", plainly(func(f *Facts) {
			f.Add(coreLike("train", run("app.kubernetes.io/name", "polyaxon-polyaxon-api")))
		})},
		{"pods that core's ReplicaSet adopted", plainly(func(f *Facts) {
			for name, labels := range map[string]map[string]string{"polyaxon-beat-5d4f-x7k2p": coreMark, "train": run(), "forged": coreMark} {
				pod := coreLike(name, labels)
				pod.Spec.NodeName = ""
				pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "polyaxon-beat-5d4f", UID: "1", Controller: ptr.To(true)}}
				f.Add(pod)
			}
			slices.SortFunc(f.Pods, func(a, b *corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
		})},
	},
	"core-selectors": {
		{"by what runs have as well", plainly(func(f *Facts) {
			f.Add(coreLike("scheduler", map[string]string{"type": "polyaxon-core", "role": "polyaxon-workers"}))
			train := coreLike("train", map[string]string{"type": "polyaxon-runner", "role": "polyaxon-workers"})
			train.Spec.NodeName = ""
			f.Add(train)
			f.Add(service("workers", "role", "polyaxon-workers"))
		})},
		{"by what runs may have", plainly(func(f *Facts) {
			f.Add(coreLike("api", map[string]string{"app.kubernetes.io/part-of": "polyaxon-core", "app.kubernetes.io/name": "polyaxon-polyaxon-api", "tier": "web"}))
			f.Add(service("web", "tier", "web"))
			f.Add(service("api", "app.kubernetes.io/name", "polyaxon-polyaxon-api"))
			f.Add(service("others", "app", "other"))
			f.Add(&policyv1.PodDisruptionBudget{
				ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: "everything"},
				Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{}},
			})
		})},
	},
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

// coreMark are the labels of a core pod of 2.x.
var coreMark = map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}

// run are the labels of a run of 2.x, with more.
func run(more ...string) map[string]string {
	labels := map[string]string{"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs"}
	for i := 0; i < len(more); i += 2 {
		labels[more[i]] = more[i+1]
	}
	return labels
}

// service is one of Polyaxon's namespace.
func service(name, key, value string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: name},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{key: value}},
	}
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
