package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// A pod with a label that a workload of core selects by only later, as one from before the policy, is adopted, and core
// scales all the same. It is told of, with the command that removes it; then core has a real pod in its place.
func TestStrayPodIsToldOf(t *testing.T) {
	admin, tenant := as(t, cluster.Admin), as(t, cluster.Tenant)
	objects, err := cluster.Decode("{apiVersion: v1, kind: Pod, metadata: {name: stray, labels: {app: late}}, spec: " + podSpec + "}")
	if err != nil {
		t.Fatal(err)
	}
	objects[0].SetNamespace(cluster.Namespace)
	create(t, tenant, objects[0])
	stray := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "stray", Namespace: cluster.Namespace}}
	set := coreNamed(t, "ReplicaSet", "late", "app", "late", 2)
	create(t, admin, set)
	corePods(t, "app", "late", 1)
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(stray), stray); err != nil {
		t.Fatal(err)
	}
	if owner := metav1.GetControllerOf(stray); owner == nil || owner.Name != "late" {
		t.Errorf("the stray belongs to %v, want the ReplicaSet", owner)
	}
	scale := func(replicas int32) {
		s := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: replicas}}
		if err := admin.SubResource("scale").Update(t.Context(), &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: "late", Namespace: cluster.Namespace}},
			client.WithSubResourceBody(s)); err != nil {
			t.Fatal(err)
		}
	}
	scale(3)
	corePods(t, "app", "late", 2)
	const detail = `metadata.labels[app] "late" meets the selector of ReplicaSet "late", which is Polyaxon's own, and it is a pod of role "other"`
	const fix = `kubectl -n polyaxon label pod stray app-`
	if diff := cmp.Diff([]string{detail, fix}, strayFinding(t)); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	if err := control.Await("an event", func(ctx context.Context) error { return strayEvent(ctx, admin, stray, detail+"; run: "+fix) }); err != nil {
		t.Error(err)
	}
	unlabel := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"app":null}}}`))
	if err := tenant.Patch(t.Context(), stray, unlabel); err != nil {
		t.Fatal(err)
	}
	corePods(t, "app", "late", 3)
}

// strayFinding is what the plugin's audit says of the stray: detail and fix.
func strayFinding(t *testing.T) []string {
	t.Helper()
	_, out, errOut := plugin(t, cluster.Admin, "audit", "--policy", policyFile(t), "-n", cluster.Namespace, "-o", "json")
	for line := range strings.Lines(out) {
		var f struct{ Kind, Object, Detail, Fix string }
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		if f.Kind == "pod-in-core-place" && f.Object == "pod/stray" {
			return []string{f.Detail, f.Fix}
		}
	}
	t.Log(out, errOut)
	return nil
}

func strayEvent(ctx context.Context, c client.Client, stray *corev1.Pod, want string) error {
	var events corev1.EventList
	if err := c.List(ctx, &events, client.InNamespace(stray.Namespace)); err != nil {
		return err
	}
	for _, e := range events.Items {
		if e.InvolvedObject.UID == stray.UID && e.Reason == "PolymoatCorePlace" {
			if e.Message != want {
				return fmt.Errorf("it says %q", e.Message)
			}
			return nil
		}
	}
	return fmt.Errorf("none among %d", len(events.Items))
}
