package e2e_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

const (
	evilSpec = `"spec":{"hostPID":true,"containers":[{"name":"c","image":"i","securityContext":{"privileged":true}}]}`
	evilCore = `{"labels":{"app.kubernetes.io/part-of":"polyaxon-core"}}`
	evilTail = `: what its controller makes of it may claim role "core"` + noTrust + `write {"spec": {"template": ...}} with the whole template and "$patch": "replace" in it, or ` + trusted + "create it"
	evilMark = ` of role "core": data.spec.template` + labelled + ` [core-claim]`
)

// evils are revisions of which the StatefulSet controller makes a privileged core pod.
var evils = map[string]struct{ data, want string }{
	"metadata of another case": {`{"spec":{"template":{"$patch":"replace","Metadata":` + evilCore + `,"metadata":{"labels":{"app":"SET"}},` + evilSpec + `}}}`, evilMark},
	"labels of another case":   {`{"spec":{"template":{"$patch":"replace","metadata":{"Labels":{"app":"SET","app.kubernetes.io/part-of":"polyaxon-core"}},` + evilSpec + `}}}`, evilMark},
	"a spec of another case":   {`{"Spec":{"template":{"metadata":{"labels":{"app":"SET","app.kubernetes.io/part-of":"polyaxon-core"}},` + evilSpec + `}}}`, evilMark},
	"a long s":                 {`{"\u017fpec":{"template":{"metadata":{"labels":{"app":"SET","app.kubernetes.io/part-of":"polyaxon-core"}},` + evilSpec + `}}}`, evilMark},
	"two templates": {
		`{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"app":"SET"}},` + evilSpec + `},"template":{"$patch":"replace","metadata":` + evilCore + `,` + evilSpec + `}}}`,
		evilMark,
	},
	"a patch": {
		`{"spec":{"template":{"metadata":{"labels":{"more":"labels"}}}}}`,
		` of role "other": data lacks "$patch": "replace" in spec.template` + evilTail + ` [core-claim]`,
	},
}

// TestEvilRevisions: a tenant with every right in the namespace has the StatefulSet controller make a core pod.
func TestEvilRevisions(t *testing.T) {
	tenant := as(t, cluster.Tenant)
	n := 0
	for name, tc := range evils {
		n++
		set := fmt.Sprintf("evil-%d", n)
		t.Run(name, func(t *testing.T) {
			revision := evilRevision(stuckSet(t, set), strings.ReplaceAll(tc.data, "SET", set))
			err := tenant.Create(t.Context(), revision.DeepCopy())
			want := fmt.Sprintf("admission webhook \"workloads.polymoat.io\" denied the request: controllerrevisions.apps %q%s", revision.Name, tc.want)
			if diff := cmp.Diff(want, message(err)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if err == nil {
				removeAfter(t, revision)
				t.Errorf("the pod that comes of it: %s", comesOf(t, set, revision.Name))
			}
		})
	}
}

// stuckSet is a StatefulSet of the tenant's whose one pod never runs.
func stuckSet(t *testing.T, name string) *appsv1.StatefulSet {
	t.Helper()
	set := &appsv1.StatefulSet{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(decoded(t, "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: "+name+"}, spec: {replicas: 1, "+
		"serviceName: a, updateStrategy: {rollingUpdate: {partition: 100}}, selector: {matchLabels: {app: "+name+"}}, "+
		"template: {metadata: {labels: {app: "+name+"}}, spec: {nodeSelector: {no: node}, "+podSpec[1:]+"}}}").Object, set); err != nil {
		t.Fatal(err)
	}
	create(t, as(t, cluster.Tenant), set)
	await(t, "the first pod", func(ctx context.Context) error {
		return as(t, cluster.Admin).Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: name + "-0"}, &corev1.Pod{})
	})
	return set
}

func await(t *testing.T, what string, ready func(context.Context) error) {
	t.Helper()
	if err := control.Await(what, ready); err != nil {
		t.Fatal(err)
	}
}

func evilRevision(set *appsv1.StatefulSet, data string) *appsv1.ControllerRevision {
	return &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Name: set.Name + "-planted", Namespace: cluster.Namespace, Labels: set.Spec.Selector.MatchLabels,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("StatefulSet"))},
		},
		Revision: 7, Data: runtime.RawExtension{Raw: []byte(data)},
	}
}

// comesOf makes the revision the current one, as a tenant may, and says what its controller makes of it.
func comesOf(t *testing.T, set, revision string) string {
	t.Helper()
	tenant := as(t, cluster.Tenant)
	key := client.ObjectKey{Namespace: cluster.Namespace, Name: set}
	current := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"status":{"currentRevision":%q}}`, revision))
	said := "nothing came"
	await(t, "what comes of the revision", func(ctx context.Context) error {
		live := &appsv1.StatefulSet{}
		if err := tenant.Get(ctx, key, live); err != nil {
			return err
		}
		if live.Status.CurrentRevision != revision {
			if err := tenant.SubResource("status").Patch(ctx, live, current); err != nil {
				return err
			}
		}
		pod := &corev1.Pod{}
		if err := tenant.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: set + "-0"}, pod); err == nil {
			if _, first := pod.Spec.NodeSelector["no"]; !first && pod.Spec.NodeName != "" {
				said = fmt.Sprintf("labels %v on node %q, host PIDs %v", pod.Labels, pod.Spec.NodeName, pod.Spec.HostPID)
				return nil
			}
			_ = tenant.Delete(ctx, pod, client.GracePeriodSeconds(0)) // the first one; another round will tell
		}
		var events corev1.EventList
		if err := tenant.List(ctx, &events, client.InNamespace(cluster.Namespace)); err != nil {
			return err
		}
		for _, e := range events.Items {
			if e.InvolvedObject.Name == set && strings.Contains(e.Message, "denied the request") {
				said = e.Message
				return nil
			}
		}
		return fmt.Errorf("neither a pod nor a refusal")
	})
	return said
}

// TestStrangersAreRefused: a revision from before polymoat, or by a trusted hand, gives no core pod to a StatefulSet whose
// own template is not core's.
func TestStrangersAreRefused(t *testing.T) {
	set := stuckSet(t, "stranger")
	revision := evilRevision(set, strings.ReplaceAll(evils["metadata of another case"].data, "SET", set.Name))
	create(t, as(t, cluster.Admin), revision)
	want := `names StatefulSet "stranger", whose own template does not claim role "core": the pod is not from a core workload`
	if got := comesOf(t, set.Name, revision.Name); !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// theRevision is the revision of that number, which a controller writes.
func theRevision(t *testing.T, of client.Object, number int64) *appsv1.ControllerRevision {
	t.Helper()
	var found *appsv1.ControllerRevision
	await(t, fmt.Sprintf("revision %d of %s", number, of.GetName()), func(ctx context.Context) error {
		var list appsv1.ControllerRevisionList
		if err := as(t, cluster.Admin).List(ctx, &list, client.InNamespace(cluster.Namespace)); err != nil {
			return err
		}
		for _, r := range list.Items {
			if metav1.IsControlledBy(&r, of) && r.Revision == number {
				found = &r
				return nil
			}
		}
		return fmt.Errorf("none of %d", len(list.Items))
	})
	return found
}

// TestTenantsHistoryGoesOn: a tenant changes a StatefulSet and goes back.
func TestTenantsHistoryGoesOn(t *testing.T) {
	set, tenant := stuckSet(t, "tenants-history"), as(t, cluster.Tenant)
	first := theRevision(t, set, 1)
	image := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"busybox:1.38"}]`))
	if err := tenant.Patch(t.Context(), set, image); err != nil {
		t.Fatal(err)
	}
	theRevision(t, set, 2)
	if err := tenant.Patch(t.Context(), set, client.RawPatch(types.StrategicMergePatchType, first.Data.Raw)); err != nil {
		t.Errorf("rollout undo: %v", err)
	}
	theRevision(t, set, 3)
}

// TestStatusesAreNotAskedAbout: controllers write them all the time.
func TestStatusesAreNotAskedAbout(t *testing.T) {
	tenant := as(t, cluster.Tenant)
	set := decoded(t, strings.ReplaceAll(workload("apps/v1", "ReplicaSet", "counted", "replicas: 0, "), coreLabel, "{app: counted}"))
	create(t, tenant, set)
	const many = 30
	before := calls(t, "workloads.polymoat.io")
	for i := range many {
		status := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"status":{"observedGeneration":%d}}`, i+2))
		if err := tenant.SubResource("status").Patch(t.Context(), set.DeepCopy(), status); err != nil {
			t.Fatal(err)
		}
	}
	if asked := calls(t, "workloads.polymoat.io") - before; asked > many/3 { // what else goes on
		t.Errorf("%d statuses were written, and polymoat was asked %d times", many, asked)
	}
}

// calls is how often the API server has called a webhook.
func calls(t *testing.T, webhook string) int {
	t.Helper()
	kube, err := kubernetes.NewForConfig(control.As(cluster.Admin))
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := kube.RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for line := range strings.Lines(string(metrics)) {
		if strings.HasPrefix(line, "apiserver_admission_webhook_admission_duration_seconds_count{") && strings.Contains(line, fmt.Sprintf("name=%q", webhook)) {
			n, err := strconv.Atoi(strings.Fields(line)[1])
			if err != nil {
				t.Fatal(err)
			}
			total += n
		}
	}
	return total
}
