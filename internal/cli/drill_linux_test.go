//go:build !race

package cli

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"syscall"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// The size of the cluster that drills are measured in, and what each of them may take at most. The time is the
// processor's: a machine that does other things beside takes longer.
const (
	drillPods, drillNodes, drillCore = 5_000, 500, 100
	drillCPU, drillMemory            = 5.0, 200 // seconds, MiB
)

// TestDrillOfMany drills each of ten core nodes in a cluster with 5,000 pods, as a process of its own.
func TestDrillOfMany(t *testing.T) {
	server := httptest.NewServer(&drilledServer{t: t, pod: storedPod(t)})
	defer server.Close()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/policy.yaml", []byte(v1alpha1.DefaultYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), os.Args[0], "drill", "--policy", dir+"/policy.yaml", "--server", server.URL, "-o", "json")
	c.Args[0] = "kubectl-polymoat"
	c.Env = append(os.Environ(), "HOME="+dir, "KUBECONFIG=")
	out, err := c.Output()
	if err != nil || strings.Count(string(out), `"fate":"returns"`) != drillCore {
		t.Fatalf("%v, %d pods come back\n%.2000s", err, strings.Count(string(out), `"fate":"returns"`), out)
	}
	cpu := (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	memory := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1024
	t.Logf("%d pods on %d nodes: %.1f s of processor, %d MiB", drillPods, drillNodes, cpu, memory)
	if memory > drillMemory || cpu > drillCPU {
		t.Errorf("more than %d MiB or %.0f s", drillMemory, drillCPU)
	}
}

// drilledServer answers lists page by page, in protobuf: core pods on ten nodes with room for more, runs on the others.
type drilledServer struct {
	t   *testing.T
	pod *corev1.Pod
}

func (s *drilledServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	object, version := s.answer(path.Base(r.URL.Path), from, limit)
	if object == nil {
		s.t.Errorf("asked for %s", r.URL)
		return
	}
	w.Header().Set("Content-Type", runtime.ContentTypeProtobuf)
	info, _ := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), runtime.ContentTypeProtobuf)
	out := bufio.NewWriter(w)
	if err := scheme.Codecs.EncoderForVersion(info.Serializer, version).Encode(object, out); err != nil {
		s.t.Error(err)
	}
	_ = out.Flush()
}

func (s *drilledServer) answer(name string, from, limit int) (runtime.Object, schema.GroupVersion) {
	switch name {
	case "pods":
		return s.podPage(from, min(from+limit, drillPods)), corev1.SchemeGroupVersion
	case "nodes":
		return s.nodePage(from, min(from+limit, drillNodes)), corev1.SchemeGroupVersion
	case "replicasets":
		return &appsv1.ReplicaSetList{Items: []appsv1.ReplicaSet{*s.replicaSet()}}, appsv1.SchemeGroupVersion
	case "polyaxon-api":
		return s.replicaSet(), appsv1.SchemeGroupVersion
	}
	empty := map[string]struct {
		runtime.Object
		schema.GroupVersion
	}{
		"deployments": {&appsv1.DeploymentList{}, appsv1.SchemeGroupVersion}, "statefulsets": {&appsv1.StatefulSetList{}, appsv1.SchemeGroupVersion},
		"daemonsets": {&appsv1.DaemonSetList{}, appsv1.SchemeGroupVersion}, "jobs": {&batchv1.JobList{}, batchv1.SchemeGroupVersion},
		"persistentvolumeclaims": {&corev1.PersistentVolumeClaimList{}, corev1.SchemeGroupVersion},
		"persistentvolumes":      {&corev1.PersistentVolumeList{}, corev1.SchemeGroupVersion},
		"namespaces":             {&corev1.NamespaceList{}, corev1.SchemeGroupVersion},
		"storageclasses":         {&storagev1.StorageClassList{}, storagev1.SchemeGroupVersion},
		"poddisruptionbudgets":   {&policyv1.PodDisruptionBudgetList{}, policyv1.SchemeGroupVersion},
		"priorityclasses":        {&schedulingv1.PriorityClassList{}, schedulingv1.SchemeGroupVersion},
	}[name]
	return empty.Object, empty.GroupVersion
}

func (s *drilledServer) replicaSet() *appsv1.ReplicaSet {
	set := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: "polyaxon", Name: "polyaxon-api", UID: "polyaxon-api"}}
	set.Spec.Replicas, set.Status.Replicas = new(int32(drillCore)), drillCore
	set.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "api"}}
	set.Spec.Template.Labels = map[string]string{"app": "api", "app.kubernetes.io/part-of": "polyaxon-core"}
	set.Spec.Template.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		TopologyKey: corev1.LabelHostname, MaxSkew: 2, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: set.Spec.Selector,
	}}
	set.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "polyaxon/polyaxon-api", Resources: corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")},
	}}}
	return set
}

func (s *drilledServer) podPage(from, to int) *corev1.PodList {
	list := &corev1.PodList{ListMeta: nextPage(to, drillPods)}
	for i := from; i < to; i++ {
		pod := *s.pod
		pod.Name, pod.Spec.NodeName = fmt.Sprintf("run-%d", i), fmt.Sprintf("node-%d", 10+i%(drillNodes-10))
		if i < drillCore {
			set := s.replicaSet()
			pod.Name, pod.Labels, pod.Spec.NodeName = fmt.Sprintf("api-%d", i), set.Spec.Template.Labels, fmt.Sprintf("node-%d", i%10)
			pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: set.Name, UID: set.UID, Controller: new(true)}}
		}
		list.Items = append(list.Items, pod)
	}
	return list
}

// nodePage has the nodes of core first, a fifth of all.
func (s *drilledServer) nodePage(from, to int) *corev1.NodeList {
	list := &corev1.NodeList{ListMeta: nextPage(to, drillNodes)}
	for i := from; i < to; i++ {
		pool := "experiments"
		if i < drillNodes/5 {
			pool = "core"
		}
		node := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("node-%d", i)}}
		node.Labels = map[string]string{"polyaxon": pool, corev1.LabelHostname: node.Name}
		node.Spec.Taints = []corev1.Taint{{Key: "polyaxon", Value: pool, Effect: corev1.TaintEffectNoSchedule}}
		node.Status.Allocatable = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("64"), corev1.ResourceMemory: resource.MustParse("256Gi"), corev1.ResourcePods: resource.MustParse("110")}
		list.Items = append(list.Items, node)
	}
	return list
}
