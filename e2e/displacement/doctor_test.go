package displacement_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/cli"
	"github.com/polymoat/polymoat/internal/doctor"
)

// TestDoctor: with groups of pods switched on, doctor names the gates, who may make groups, core pods of a low priority and
// without a budget, and what runs beside them; the audit names that as well.
func TestDoctor(t *testing.T) {
	installed(t)
	for _, pod := range coreThere(t.Context(), t) {
		gone(t, &pod)
	}
	low := &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "low"}, Value: 500}
	must(t, as(t, cluster.Admin).Create(t.Context(), low))
	core := replicated(t)
	a, b := core[0], core[1]
	neighbour := podOn("core", "collector", nil)
	neighbour.Namespace, neighbour.Spec.NodeName = "elsewhere", a.Spec.NodeName
	must(t, as(t, cluster.Admin).Create(t.Context(), neighbour))

	want := []string{
		fmt.Sprintf(`warning core-priority: Core's pods have a lower priority than PriorityClass "polyaxon-core": %q, %q. `+
			`Pods keep the priority that they were created with. Until they are restarted the lowest counts for what runs may name. `+
			`Fix: kubectl -n polyaxon rollout restart deployments,statefulsets # of Polyaxon`, a.Name, b.Name),
		`info may-preempt: Groups of pods or requests to evict can be made in governed namespaces by ` +
			`"Group system:serviceaccounts:polyaxon", "ServiceAccount ray-system/kuberay-operator", "User tenant". ` +
			`A group evicts from the whole cluster: polymoat holds its priority below core's. It is not asked about requests to evict. ` +
			`Fix: kubectl get clusterrolebindings,rolebindings -A -o wide # then, for each: kubectl auth can-i create podgroups.scheduling.k8s.io --as=USER`,
		`info group-gates: The API server serves "podgroups.scheduling.k8s.io", "workloads.scheduling.k8s.io". Its feature gates "GenericWorkload" are open. ` +
			`The pods of a group may evict in the whole cluster. Core is safe as long as its priority is above theirs: see core-priority. ` +
			`Fix: kubectl get priorityclasses # none that runs may name is above core's`,
		`info core-neighbours: Beside core runs pod "elsewhere/collector", of a lower priority than core's lowest, 500. ` +
			`Until the scheduler evicts them for core, they take room on its nodes. Fix: kubectl polymoat audit # names each, with its node`,
		fmt.Sprintf(`info core-budget: No PodDisruptionBudget covers pods %q, %q of Polyaxon's core. `+
			`A drain may take all replicas at once, and preemption takes first what no budget covers. `+
			`Fix: kubectl -n polyaxon create poddisruptionbudget NAME --selector=KEY=VALUE --max-unavailable=1`, a.Name, b.Name),
	}
	if diff := cmp.Diff(want, examined(t)); diff != "" {
		t.Errorf("doctor (-want +got):\n%s", diff)
	}
	beside := fmt.Sprintf("pod/collector runs beside core on node %q, and its priority 0 is below core's lowest, 500: the scheduler may evict it for core", a.Spec.NodeName)
	if diff := cmp.Diff([]string{beside}, besideCore(t)); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
}

// replicated are two running pods of one ReplicaSet of core, of a class below the policy's, sorted by name.
func replicated(t *testing.T) []corev1.Pod {
	t.Helper()
	template := podOn("core", "", map[string]string{"app": "api", "app.kubernetes.io/part-of": "polyaxon-core"})
	template.Spec.PriorityClassName = "low"
	must(t, as(t, cluster.Admin).Create(t.Context(), &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "api"},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: ptr.To[int32](2), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "api"}},
			Template: corev1.PodTemplateSpec{ObjectMeta: template.ObjectMeta, Spec: template.Spec},
		},
	}))
	var list corev1.PodList
	await(t, "two pods of core that run", func(ctx context.Context) error {
		must(t, as(t, cluster.Admin).List(context.WithoutCancel(ctx), &list, client.InNamespace(cluster.Namespace), client.MatchingLabels{"app": "api"}))
		run := slices.DeleteFunc(slices.Clone(list.Items), func(p corev1.Pod) bool { return p.Status.Phase != corev1.PodRunning })
		if len(run) != 2 {
			return fmt.Errorf("%d run", len(run))
		}
		return nil
	})
	slices.SortFunc(list.Items, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return list.Items
}

// examined is what the checks of priorities find.
func examined(t *testing.T) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(plugin(t, "doctor", "-o", "json", "--only", "group-gates,may-preempt,core-priority,core-budget,core-neighbours")) {
		var f doctor.Finding
		must(t, json.Unmarshal([]byte(line), &f))
		lines = append(lines, f.String())
	}
	return lines
}

// besideCore is what the audit finds beside core.
func besideCore(t *testing.T) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(plugin(t, "audit", "-o", "json")) {
		var f audit.Finding
		must(t, json.Unmarshal([]byte(line), &f))
		if f.Kind == audit.PodBelowCore {
			lines = append(lines, f.Object+" "+f.Detail)
		}
	}
	return lines
}

// plugin is what the kubectl plugin prints for an administrator.
func plugin(t *testing.T, args ...string) string {
	t.Helper()
	t.Setenv("KUBECACHEDIR", t.TempDir())
	var out, errOut bytes.Buffer
	cli.Main(append(args, "--kubeconfig", control.Kubeconfig(cluster.Admin)), strings.NewReader(""), &out, &errOut)
	if errOut.Len() > 0 {
		t.Log(errOut.String())
	}
	return out.String()
}
