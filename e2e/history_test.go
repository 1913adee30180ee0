package e2e_test

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// coreSet is a Deployment, StatefulSet or DaemonSet of core's, which selects by one label that is nobody else's.
func coreSet(t *testing.T, kind, name, more string) *unstructured.Unstructured {
	t.Helper()
	set := decoded(t, strings.Replace(strings.ReplaceAll(workload("apps/v1", kind, name, more), coreLabel, "{app: "+name+"}"),
		"labels: {app: "+name+"}", "labels: {app: "+name+", app.kubernetes.io/part-of: polyaxon-core}", 1))
	create(t, as(t, cluster.Admin), set)
	return set
}

const (
	evilImage = `{spec: {template: {spec: {containers: [{name: main, image: evil}]}}}}`
	exactly   = `{spec: {template: {$patch: replace, metadata: {labels: {app: evil}}, spec: {containers: [{name: main, image: evil}]}}}}`
	selects   = `metadata.labels[app] "SET" meets the selector of KIND "SET", which is Polyaxon's own` + earned
	makesIts  = `metadata.ownerReferences makes it a revision of KIND "SET", which is Polyaxon's own` + noTrust + "remove it, or " + trusted + "write it"
	also      = " [core-claim]. Also: "
)

// plants are revisions that come into the history of a workload of core, from where an administrator's rollout undo would install
// them: SET is the workload, and OWNED a reference to it. What is later comes by an update.
var plants = map[string]struct{ metadata, data, later, role, want string }{
	"an orphan that it selects":            {metadata: `labels: {app: SET}`, data: evilImage, want: `data lacks "$patch": "replace" in spec.template` + evilTail + also + selects},
	"an exact orphan that it selects":      {metadata: `labels: {app: SET}`, data: exactly, want: selects},
	"one that it owns":                     {metadata: `labels: {app: SET}, ownerReferences: [OWNED]`, data: evilImage, want: selects + also + makesIts},
	"one that it owns and does not select": {metadata: `ownerReferences: [OWNED]`, data: exactly, role: "other", want: makesIts},
	"one that gets labels later":           {metadata: `labels: {app: evil}`, data: exactly, later: `{"metadata":{"labels":{"app":"SET"}}}`, want: selects},
	"one that gets an owner later": {
		metadata: `labels: {app: evil}`, data: exactly, later: `{"metadata":{"ownerReferences":[OWNED]}}`, role: "other", want: makesIts,
	},
}

// testPlants plants them beside a StatefulSet or DaemonSet of core.
func testPlants(t *testing.T, set *unstructured.Unstructured) {
	tenant := as(t, cluster.Tenant)
	fill := strings.NewReplacer("SET", set.GetName(), "KIND", set.GetKind(), "OWNED", fmt.Sprintf(
		`{"apiVersion":"apps/v1","kind":%q,"name":%q,"uid":%q,"controller":true}`, set.GetKind(), set.GetName(), set.GetUID()))
	n := 0
	for name, plant := range plants {
		n++
		planted := fmt.Sprintf("planted-%d", n)
		t.Run(set.GetKind()+"/"+name, func(t *testing.T) {
			revision := decoded(t, fill.Replace(`{apiVersion: apps/v1, kind: ControllerRevision, revision: 9, metadata: {name: `+planted+`, `+plant.metadata+`}, data: `+plant.data+`}`))
			answer := tenant.Create(t.Context(), revision)
			if answer == nil {
				removeAfter(t, revision.DeepCopy())
			}
			if answer == nil && plant.later != "" {
				answer = tenant.Patch(t.Context(), revision, client.RawPatch(types.MergePatchType, []byte(fill.Replace(plant.later))))
			}
			want := fmt.Sprintf(`admission webhook "workloads.polymoat.io" denied the request: controllerrevisions.apps %q of role %q: %s [core-claim]`,
				planted, cmp.Or(plant.role, "core"), fill.Replace(plant.want))
			if diff := gocmp.Diff(want, message(answer)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// TestHistoryOfCoreIsItsOwn: nothing is planted beside core's StatefulSet and DaemonSet, whose own history grows and is gone back to.
func TestHistoryOfCoreIsItsOwn(t *testing.T) {
	admin := as(t, cluster.Admin)
	set := coreSet(t, "StatefulSet", "historic", "serviceName: a, ")
	daemon := coreSet(t, "DaemonSet", "historic-daemon", "")
	first := theRevision(t, set, 1)
	testPlants(t, set)
	testPlants(t, daemon)

	image := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"busybox:1.38"}]`))
	for _, o := range []client.Object{set, daemon} {
		if err := admin.Patch(t.Context(), o, image); err != nil {
			t.Fatal(err)
		}
		theRevision(t, o, 2)
	}
	undo := client.RawPatch(types.StrategicMergePatchType, first.Data.Raw) // as kubectl rollout undo does
	live := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: set.GetName(), Namespace: cluster.Namespace}}
	if err := admin.Patch(t.Context(), live, undo); err != nil {
		t.Errorf("rollout undo: %v", err)
	}
	theRevision(t, set, 3)
	await(t, "a pod of core's StatefulSet", func(ctx context.Context) error { return boundToCore(ctx, admin, "historic") })
}

// TestPoisonedHistory: a ReplicaSet that core's Deployment would adopt is refused, also by an update and by its status.
func TestPoisonedHistory(t *testing.T) {
	tenant, admin := as(t, cluster.Tenant), as(t, cluster.Admin)
	deployment := coreSet(t, "Deployment", "poisoned", "")
	await(t, "a pod of core's Deployment", func(ctx context.Context) error { return boundToCore(ctx, admin, "poisoned") })
	const meets = `metadata.labels[app] "poisoned" meets the selector of Deployment "poisoned", which is Polyaxon's own` + earned + ` [core-claim]`
	planted := decoded(t, strings.ReplaceAll(workload("apps/v1", "ReplicaSet", "planted", "replicas: 0, "), coreLabel, "{app: planted}"))
	planted.SetLabels(map[string]string{"app": "poisoned", "pod-template-hash": "1"})
	planted.SetAnnotations(map[string]string{"deployment.kubernetes.io/revision": "9"})
	want := `admission webhook "workloads.polymoat.io" denied the request: replicasets.apps "planted" of role "core": ` + meets
	if diff := gocmp.Diff(want, message(tenant.Create(t.Context(), planted.DeepCopy()))); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	planted.SetLabels(nil)
	create(t, tenant, planted)
	relabel := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"app":"poisoned"}}}`))
	if diff := gocmp.Diff(want, message(tenant.Patch(t.Context(), planted.DeepCopy(), relabel))); diff != "" {
		t.Errorf("answer to an update (-want +got):\n%s", diff)
	}
	want = strings.Replace(want, "replicasets.apps", "replicasets/status.apps", 1)
	if diff := gocmp.Diff(want, message(tenant.SubResource("status").Patch(t.Context(), planted.DeepCopy(), relabel))); diff != "" {
		t.Errorf("answer to a status (-want +got):\n%s", diff)
	}
	image := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"busybox:1.38"}]`))
	if err := admin.Patch(t.Context(), deployment, image); err != nil {
		t.Fatal(err)
	}
	undo := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"busybox:1.37"}]`))
	if err := admin.Patch(t.Context(), deployment, undo); err != nil {
		t.Errorf("rollout undo: %v", err)
	}
	await(t, "the third revision", func(ctx context.Context) error {
		live := &appsv1.Deployment{}
		if err := admin.Get(ctx, client.ObjectKeyFromObject(deployment), live); err != nil {
			return err
		}
		if got := live.Annotations["deployment.kubernetes.io/revision"]; got != "3" {
			return fmt.Errorf("it is at %s", got)
		}
		return nil
	})
}
