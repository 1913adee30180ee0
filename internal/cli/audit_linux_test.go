package cli

import (
	"encoding/json"
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

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/policy"
)

// BenchmarkAudit audits 50,000 pods on 5,000 nodes, 25 of them where they may not be, as a process of its own. An API
// server that makes its pages as they are asked for stands beside it and takes most of the time.
func BenchmarkAudit(b *testing.B) {
	server := httptest.NewServer(&crowdedServer{b: b, pod: storedPod(b), pods: 50_000, nodes: 5_000, astray: 25})
	defer server.Close()
	dir := b.TempDir()
	if err := os.WriteFile(dir+"/policy.yaml", []byte(v1alpha1.DefaultYAML), 0o600); err != nil {
		b.Fatal(err)
	}
	var resident, cpu float64
	for b.Loop() {
		c := exec.CommandContext(b.Context(), os.Args[0], "audit", "--policy", dir+"/policy.yaml", "--server", server.URL, "-o", "json")
		c.Args[0] = "kubectl-polymoat"
		c.Env = append(os.Environ(), "HOME="+dir, "KUBECONFIG=")
		out, err := c.Output()
		if c.ProcessState.ExitCode() != exitDiffer || strings.Count(string(out), "\n") != 25 {
			b.Fatalf("%v: exit code %d, %d findings\n%.2000s", err, c.ProcessState.ExitCode(), strings.Count(string(out), "\n"), out)
		}
		resident = max(resident, float64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)/1024)
		cpu += (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	}
	b.ReportMetric(resident, "MiB-resident")
	b.ReportMetric(cpu/float64(b.N), "cpu-s/op")
}

// crowdedServer answers lists of pods and nodes page by page, in protobuf.
type crowdedServer struct {
	b                   *testing.B
	pod                 *corev1.Pod
	pods, nodes, astray int
}

func (s *crowdedServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	var list runtime.Object
	version := corev1.SchemeGroupVersion
	switch resource := path.Base(r.URL.Path); resource {
	case "pods":
		list = s.podPage(from, min(from+limit, s.pods))
	case "nodes":
		list = s.nodePage(from, min(from+limit, s.nodes))
	case "runtimeclasses":
		list, version = &nodev1.RuntimeClassList{}, nodev1.SchemeGroupVersion
	case "clusterroles":
		list, version = &rbacv1.ClusterRoleList{}, rbacv1.SchemeGroupVersion
	case "clusterrolebindings":
		list, version = &rbacv1.ClusterRoleBindingList{}, rbacv1.SchemeGroupVersion
	default:
		s.b.Errorf("asked for %s", r.URL)
	}
	w.Header().Set("Content-Type", runtime.ContentTypeProtobuf)
	info, _ := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), runtime.ContentTypeProtobuf)
	if err := scheme.Codecs.EncoderForVersion(info.Serializer, version).Encode(list, w); err != nil {
		s.b.Error(err)
	}
}

func (s *crowdedServer) podPage(from, to int) *corev1.PodList {
	list := &corev1.PodList{ListMeta: nextPage(to, s.pods), Items: make([]corev1.Pod, 0, to-from)}
	for i := from; i < to; i++ {
		pod := *s.pod
		pod.Name, pod.Spec.NodeName = fmt.Sprintf("run-%d", i), fmt.Sprintf("node-%d", 1000+i%4000)
		if i%(s.pods/s.astray) == 0 {
			pod.Spec.NodeName = "node-1" // of core
		}
		list.Items = append(list.Items, pod)
	}
	return list
}

// nodePage has core's nodes first, a fifth of all.
func (s *crowdedServer) nodePage(from, to int) *corev1.NodeList {
	list := &corev1.NodeList{ListMeta: nextPage(to, s.nodes)}
	for i := from; i < to; i++ {
		pool := "experiments"
		if i < s.nodes/5 {
			pool = "core"
		}
		node := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("node-%d", i), Labels: map[string]string{"polyaxon": pool}}}
		for j := range 20 {
			node.Labels[fmt.Sprintf("example.com/label-%d", j)] = fmt.Sprintf("value-%d", i)
		}
		for j := range 50 {
			node.Status.Images = append(node.Status.Images, corev1.ContainerImage{Names: []string{fmt.Sprintf("registry.example.com/team/image-%d@sha256:%064d", j, i)}})
		}
		node.Spec.Taints = []corev1.Taint{{Key: "polyaxon", Value: pool, Effect: corev1.TaintEffectNoSchedule}}
		list.Items = append(list.Items, node)
	}
	return list
}

func nextPage(to, of int) metav1.ListMeta {
	if to == of {
		return metav1.ListMeta{}
	}
	return metav1.ListMeta{Continue: strconv.Itoa(to)}
}

// storedPod is the pod of a job as polymoat places it and an API server keeps it, status and managed fields included.
func storedPod(b testing.TB) *corev1.Pod {
	b.Helper()
	raw, err := os.ReadFile("../../webhook/testdata/review.json")
	if err != nil {
		b.Fatal(err)
	}
	var review struct{ Request struct{ Object corev1.Pod } }
	if err := json.Unmarshal(raw, &review); err != nil {
		b.Fatal(err)
	}
	pod := placedBy(b, &review.Request.Object)
	text := print.JSON(pod.Spec)
	pod.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kube-controller-manager", Operation: "Update", FieldsV1: metav1.NewFieldsV1(text)}}
	pod.Status.ContainerStatuses = make([]corev1.ContainerStatus, len(pod.Spec.Containers))
	return pod
}

func placedBy(b testing.TB, pod *corev1.Pod) *corev1.Pod {
	b.Helper()
	p, err := policy.New(v1alpha1.Default())
	if err != nil {
		b.Fatal(err)
	}
	return p.Review(policy.Request{Namespace: pod.Namespace, Pod: pod}).Pod
}
