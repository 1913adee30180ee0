package e2e_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// auditedName is the namespace of a crowd that no webhook has looked at.
const auditedName = "audited"

// How large a crowd is audited. bench/README.md has the command for 50,000 pods on 5,000 nodes.
var (
	auditedPods  = flag.Int("pods", 2000, "pods that TestAuditFindsWhatWasPlanted looks at")
	auditedNodes = flag.Int("nodes", 2, "nodes that they run on")
)

// Of thousands of pods that run, an audit finds those that were planted, and nothing else: the plugin's, and the server's.
func TestAuditFindsWhatWasPlanted(t *testing.T) {
	admin := as(t, cluster.Admin)
	policy := policyFile(t, "namespaces: [polyaxon]", "namespaces: [audited]")
	few := *auditedPods / 8
	crowd(t, auditedName, compiled(t, policy), *auditedNodes/2, map[string]int{"jobs": *auditedPods - 2*few, "experiments": few, "notebooks": few})
	code, out, errOut := plugin(t, cluster.Admin, "audit", "--policy", policy, "-o", "json")
	if code != 0 || out != "" || errOut != "" {
		t.Fatalf("before anything is planted: exit code %d\n%s%s", code, out, errOut)
	}
	want := plant(t, admin)
	if diff := cmp.Diff(want, planted(t, auditByPlugin(t, policy))); diff != "" {
		t.Errorf("findings of the plugin (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(countsOf(want), auditByServer(t, policy)); diff != "" {
		t.Errorf("findings of the server (-want +got):\n%s", diff)
	}
	code, out, errOut = plugin(t, cluster.Admin, "audit", "--policy", policy)
	if want := fmt.Sprintf("\n%d findings in %d pods and ", len(want), *auditedPods+len(plantedPods)*5); code != 1 || errOut != "" || !strings.Contains(out, want) {
		t.Errorf("exit code %d, text:\n%s%s", code, out, errOut)
	}
}

// planted are the findings, sorted: "pod-runs-as-root pod/root-0".
func planted(t *testing.T, lines string) []string {
	t.Helper()
	var got []string
	for line := range strings.Lines(lines) {
		var f struct{ Kind, Object string }
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		got = append(got, f.Kind+" "+f.Object)
	}
	slices.Sort(got)
	return got
}

// plant makes what an audit is to find, and returns it, sorted.
func plant(t *testing.T, admin client.Client) []string {
	t.Helper()
	want := []string{
		"node-without-label node/planted-unlabelled", "node-without-taint node/planted-untainted",
		"runtime-class-opens-pool runtimeclass.node.k8s.io/planted",
		"right-around-polymoat clusterrolebinding.rbac.authorization.k8s.io/planted",
	}
	core := corev1.Taint{Key: "polyaxon", Value: "core", Effect: corev1.TaintEffectNoSchedule}
	create(t, admin, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "planted-untainted", Labels: map[string]string{"polyaxon": "core"}}})
	create(t, admin, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "planted-unlabelled"}, Spec: corev1.NodeSpec{Taints: []corev1.Taint{core}}})
	create(t, admin, &nodev1.RuntimeClass{
		ObjectMeta: metav1.ObjectMeta{Name: "planted"}, Handler: "runc",
		Scheduling: &nodev1.Scheduling{Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}}},
	})
	create(t, admin, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "planted"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:node"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: auditedName, Name: "default"}},
	})
	for _, kind := range plantedPods {
		for i := range 5 {
			pod := plantedPod(fmt.Sprintf("%s-%d", kind.name, i))
			kind.change(pod)
			create(t, admin, pod)
			for _, found := range kind.finds {
				want = append(want, fmt.Sprintf("%s pod/%s", found, pod.Name))
			}
		}
	}
	slices.Sort(want)
	return want
}

// plantedPods are breaches, five of each, and what is found of each.
var plantedPods = []struct {
	name   string
	change func(*corev1.Pod)
	finds  []string
}{
	{"astray", func(p *corev1.Pod) { p.Spec.NodeName, p.Spec.NodeSelector = "core-1", nil }, []string{"pod-on-protected-node", "pod-may-reach-protected-node"}},
	{"open", func(p *corev1.Pod) {
		p.Spec.NodeName, p.Spec.NodeSelector = "", nil
		p.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	}, []string{"pod-may-reach-protected-node"}},
	{"root", func(p *corev1.Pod) { p.Spec.SecurityContext.RunAsUser = ptr.To[int64](0) }, []string{"pod-runs-as-root"}},
	{"claim", func(p *corev1.Pod) { p.Labels = map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"} }, []string{"pod-claims-core"}},
}

// plantedPod is a pod in order, on the crowd's node.
func plantedPod(name string) *corev1.Pod {
	pod := crowdPod(auditedName, "jobs", 0)
	pod.Name, pod.Spec.NodeName = name, crowdNodeName(auditedName, "experiments", 0)
	pod.Spec.NodeSelector = map[string]string{"polyaxon": "experiments"}
	pod.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: ptr.To[int64](2222)}
	return pod
}
