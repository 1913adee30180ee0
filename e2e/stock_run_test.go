package e2e_test

import (
	"cmp"
	"crypto/md5"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

func (r run) classic() bool { return strings.HasPrefix(r.version, "0.") }

// uuid is that of the run.
func (r run) uuid() string { return fmt.Sprintf("%x", md5.Sum([]byte(r.version+r.name))) }

// id is the name of what is made of the run.
func (r run) id() string {
	if r.classic() {
		return "plx-" + r.name + "-" + r.uuid()
	}
	return "plx-operation-" + r.uuid() + "-" + r.name
}

// workload is what Polyaxon's operator, or another one, makes of the run.
func (r run) workload(t *testing.T) e2e.Workload {
	t.Helper()
	w := e2e.Workload{Name: r.version + " " + r.name, Role: cmp.Or(r.role, kinds[r.kind].role), Pool: "experiments", UID: cmp.Or(r.uid, "2222"), As: polyaxonOperator}
	if w.Role == v1alpha1.RoleBuilds {
		w.Pool = "builds"
	}
	spec, err := runtime.DefaultUnstructuredConverter.ToUnstructured(r.spec())
	if err != nil {
		t.Fatal(err)
	}
	labels := r.labels()
	meta := map[string]any{"labels": labels, "annotations": map[string]any{"operation.polyaxon.com/kind": r.kind}}
	template := map[string]any{"metadata": meta, "spec": spec}
	switch maker := kinds[r.kind].maker; maker {
	case "Job":
		spec["restartPolicy"] = "Never"
		w.Object = object("batch/v1", "Job", map[string]any{"backoffLimit": int64(0), "template": template})
	case "Deployment":
		w.Object = object("apps/v1", "Deployment", map[string]any{"selector": map[string]any{"matchLabels": labels}, "template": template})
	default:
		w.As = maker
		w.Object = object("v1", "Pod", spec)
		w.Object.Object["metadata"] = meta
	}
	w.Object.SetName(r.id())
	w.Object.SetNamespace(cluster.Namespace)
	return w
}

func object(apiVersion, kind string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind, "spec": spec}}
}

func (r run) labels() map[string]any {
	labels := map[string]any{
		"app.kubernetes.io/name": r.name, "app.kubernetes.io/instance": r.uuid(), "app.kubernetes.io/version": r.version,
		"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": kinds[r.kind].component, "app.kubernetes.io/managed-by": "polyaxon",
	}
	if r.classic() {
		delete(labels, "app.kubernetes.io/component")
		labels["app.kubernetes.io/name"], labels["app.kubernetes.io/part-of"] = r.kind, "polyaxon-runner"
		labels["app"], labels["type"], labels["role"] = r.kind, "polyaxon-runner", "polyaxon-workers"
	}
	if strings.HasPrefix(r.version, "2.") {
		labels["operation.polyaxon.com/uuid"] = r.uuid()
	}
	return labels
}

// container is the name that the compilers and operators give to the main container.
func (r run) container() string {
	switch {
	case r.classic():
		return strings.TrimPrefix(r.kind, "polyaxon-") + "-job"
	case r.kind == "tfjob":
		return "tensorflow"
	case r.kind == "pytorchjob":
		return "pytorch"
	}
	return "polyaxon-main"
}

func (r run) spec() *corev1.PodSpec {
	if r.classic() {
		return r.classicSpec()
	}
	scratch := func(name, path string) corev1.VolumeMount { return corev1.VolumeMount{Name: name, MountPath: path} }
	configs, artifacts := scratch("configs-context", "/plx-context/.configs"), scratch("artifacts-context", "/plx-context/artifacts")
	store := scratch("default-artifacts-store", "/artifactsStore")
	helper := func(name, image, command string, mounts ...corev1.VolumeMount) corev1.Container {
		return corev1.Container{Name: name, Image: image, Command: strings.Fields(command), VolumeMounts: mounts}
	}
	spec := &corev1.PodSpec{
		ServiceAccountName: "polyaxon-polyaxon-runs-sa",
		InitContainers: []corev1.Container{
			helper("polyaxon-init-auth", "polyaxon/polyaxon-init:"+r.version, "polyaxon initializer auth", configs),
			helper("polyaxon-init-artifacts-default", "polyaxon/polyaxon-init:"+r.version, "/bin/sh -c true", artifacts, store),
		},
		Containers: []corev1.Container{
			helper(r.container(), r.image, r.command, configs, scratch("shm", "/dev/shm"), artifacts),
			helper("polyaxon-sidecar", "polyaxon/polyaxon-sidecar:"+r.version, "polyaxon sidecar", configs, artifacts, store),
		},
		Volumes: []corev1.Volume{
			hostPath("default-artifacts-store", "/tmp/artifactsStore"),
			emptyDir("artifacts-context", ""), emptyDir("shm", corev1.StorageMediumMemory), emptyDir("configs-context", ""),
		},
	}
	if r.init != "" {
		spec.InitContainers = append(spec.InitContainers, helper(r.init, "alpine:3.10", "/bin/sh -c true", artifacts))
	}
	if r.ownAccount {
		spec.ServiceAccountName = r.id()
	}
	return spec
}

// classicSpec has the folders of 0.x instead: its own pods write into one of them, and read the other. A build has the
// Docker socket.
func (r run) classicSpec() *corev1.PodSpec {
	mounts := []corev1.VolumeMount{{Name: "outputs", MountPath: "/outputs"}, {Name: "data", MountPath: "/data", ReadOnly: true}}
	volumes := []corev1.Volume{hostPath("outputs", "/tmp/outputs"), hostPath("data", "/tmp/data")}
	if kinds[r.kind].role == v1alpha1.RoleBuilds {
		mounts = []corev1.VolumeMount{{Name: "docker", MountPath: "/var/run/docker.sock"}}
		volumes = []corev1.Volume{hostPath("docker", "/var/run/docker.sock")}
	}
	return &corev1.PodSpec{
		ServiceAccountName: "polyaxon-polyaxon-workers-serviceaccount",
		InitContainers:     []corev1.Container{{Name: "polyaxon-init-job", Image: "polyaxon/polyaxon-init:0.6.1", Command: []string{"/bin/sh", "-c", "true"}, VolumeMounts: mounts}},
		Containers:         []corev1.Container{{Name: r.container(), Image: r.image, Command: strings.Fields(r.command), VolumeMounts: mounts}},
		Volumes:            volumes,
	}
}

func hostPath(name, path string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path}}}
}

func emptyDir(name string, medium corev1.StorageMedium) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: medium}}}
}
