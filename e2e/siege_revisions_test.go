package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

const (
	siegeSpec = `{hostPID: true, containers: [{name: c, image: evil, securityContext: {privileged: true}}]}`
	ownOnly  = `{labels: {app: x}}`
	asCore   = `{labels: {app: x, app.kubernetes.io/part-of: polyaxon-core}}`
)

// readAnotherWay are revisions that kube-controller-manager reads as core, because it takes keys for equal that differ in case. U+017F is
// the long s, whose upper case is S.
var readAnotherWay = map[string]string{
	"Metadata beside metadata": `{spec: {template: {$patch: replace, Metadata: ` + asCore + `, metadata: ` + ownOnly + `, spec: ` + siegeSpec + `}}}`,
	"Labels in metadata":       `{spec: {template: {$patch: replace, metadata: {Labels: {app.kubernetes.io/part-of: polyaxon-core}, labels: {app: x}}, spec: ` + siegeSpec + `}}}`,
	"Spec":                     `{Spec: {template: {$patch: replace, metadata: ` + asCore + `, spec: ` + siegeSpec + `}}}`,
	"spec with a long s":       `{"\u017fpec": {template: {metadata: ` + asCore + `, spec: ` + siegeSpec + `}, selector: {matchLabels: {app: x}}, serviceName: x, replicas: 1}}`,
}

// A revision that a controller reads in another way brings no privileged pod to a core node.
func TestSiegeRevisions(t *testing.T) {
	for name, data := range readAnotherWay {
		t.Run(name, func(t *testing.T) {
			set := siegeSet(t)
			revision := revisionOf(t, set, data)
			if refused(t, as(t, cluster.Tenant).Create(t.Context(), revision)) {
				return
			}
			removeAfter(t, revision)
			if pod := steered(t, set, revision.GetName()); pod != nil {
				t.Errorf("pod %s with labels %v and hostPID %v is on node %q", pod.Name, pod.Labels, pod.Spec.HostPID, pod.Spec.NodeName)
			}
		})
	}
}

// A revision that an administrator wrote, or that was there before the policy, brings no core pod either: the StatefulSet's own
// template is not core's.
func TestSiegeRevisionsFromBefore(t *testing.T) {
	set := siegeSet(t)
	revision := revisionOf(t, set, readAnotherWay["Metadata beside metadata"])
	create(t, as(t, cluster.Admin), revision)
	if pod := steered(t, set, revision.GetName()); pod != nil {
		t.Errorf("pod %s with labels %v and hostPID %v is on node %q", pod.Name, pod.Labels, pod.Spec.HostPID, pod.Spec.NodeName)
	}
}

// siegeSet is a StatefulSet of the tenant's whose pod no node takes. Its partition keeps the pod at the current revision.
func siegeSet(t *testing.T) *appsv1.StatefulSet {
	t.Helper()
	object := decoded(t, `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: x}, spec: {replicas: 1, serviceName: x,
		updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 100}}, selector: {matchLabels: {app: x}},
		template: {metadata: {labels: {app: x}}, spec: {nodeSelector: {nowhere: "true"}, containers: [{name: c, image: busybox}]}}}}`)
	t.Cleanup(func() { ended(t, &corev1.Pod{}, "x-0") }) // after the StatefulSet's end
	create(t, as(t, cluster.Tenant), object)
	set := &appsv1.StatefulSet{}
	awaitPod(t, "x-0", "")
	if err := as(t, cluster.Tenant).Get(t.Context(), client.ObjectKeyFromObject(object), set); err != nil {
		t.Fatal(err)
	}
	return set
}

// revisionOf is a revision that belongs to the StatefulSet.
func revisionOf(t *testing.T, set *appsv1.StatefulSet, data string) *unstructured.Unstructured {
	t.Helper()
	return decoded(t, fmt.Sprintf(`{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: x-evil, labels: {app: x}, ownerReferences: [
		{apiVersion: apps/v1, kind: StatefulSet, name: %s, uid: %s, controller: true}]}, revision: 9, data: %s}`, set.Name, set.UID, data))
}

// steered has the StatefulSet make its pod from the revision, and returns the pod if it is core's or another than the template says;
// nil if the controller may not create it.
func steered(t *testing.T, set *appsv1.StatefulSet, revision string) *corev1.Pod {
	t.Helper()
	tenant, before := as(t, cluster.Tenant), awaitPod(t, "x-0", "")
	current := client.RawPatch(types.MergePatchType, []byte(`{"status":{"currentRevision":"`+revision+`"}}`))
	if err := tenant.SubResource("status").Patch(t.Context(), set, current); err != nil {
		if refused(t, err) {
			return nil
		}
	}
	if err := tenant.Delete(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	var pod corev1.Pod
	if err := control.Await("what the StatefulSet makes of the revision", func(ctx context.Context) error {
		err := tenant.Get(ctx, client.ObjectKeyFromObject(before), &pod)
		if err == nil && pod.UID != before.UID && (pod.Spec.NodeName != "" || pod.Spec.NodeSelector["nowhere"] != "") {
			return nil // Spec and spec are merged: the pod still waits for that node, and is core
		}
		if said := saidOf(ctx, t, set.UID, "FailedCreate"); strings.Contains(said, "denied the request") {
			pod = corev1.Pod{}
			return nil
		}
		return fmt.Errorf("pod %s is on node %q (%v)", pod.Name, pod.Spec.NodeName, err)
	}); err != nil {
		t.Fatal(err)
	}
	if pod.Name == "" || !pod.Spec.HostPID && pod.Labels["app.kubernetes.io/part-of"] == "" {
		return nil
	}
	return &pod
}

// saidOf is the message of the newest event about an object, for a reason.
func saidOf(ctx context.Context, t *testing.T, uid types.UID, reason string) string {
	t.Helper()
	var events corev1.EventList
	if err := as(t, cluster.Admin).List(ctx, &events, client.InNamespace(cluster.Namespace)); err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, event := range events.Items {
		if event.InvolvedObject.UID == uid && event.Reason == reason {
			said = event.Message
		}
	}
	return said
}

// A revision beside core's own StatefulSet or DaemonSet comes into its history, and an administrator's rollout undo installs it.
func TestSiegeRevisionsOfCore(t *testing.T) {
	for _, w := range workloads(t) {
		if w.Name != "v2.16-redis" && w.Name != "classic-0.4-resources" {
			continue
		}
		t.Run(w.Object.GetKind(), func(t *testing.T) {
			create(t, as(t, cluster.Admin), w.Object)
			for name, plant := range plants {
				t.Run(name, func(t *testing.T) { testPlant(t, w.Object, plant) })
			}
		})
	}
}

// plants are revisions that come into the history of a workload, in YAML: NAME is the revision's, SELECTED what the workload selects
// by, OWNED a reference to it. Labels in later come by an update.
var plants = map[string]struct{ revision, later string }{
	"an orphan that it selects":            {revision: `{metadata: {name: NAME, labels: SELECTED}, data: ` + evilImage + `}`},
	"an exact orphan that it selects":      {revision: `{metadata: {name: NAME, labels: SELECTED}, data: ` + exactly + `}`},
	"one that it owns":                     {revision: `{metadata: {name: NAME, labels: SELECTED, ownerReferences: [OWNED]}, data: ` + evilImage + `}`},
	"one that it owns and does not select": {revision: `{metadata: {name: NAME, ownerReferences: [OWNED]}, data: ` + exactly + `}`},
	"one that gets labels later": {
		revision: `{metadata: {name: NAME, labels: {app: x}}, data: ` + exactly + `}`, later: `{"metadata":{"labels":SELECTED}}`,
	},
	"one that gets an owner later": {
		revision: `{metadata: {name: NAME, labels: {app: x}}, data: ` + exactly + `}`, later: `{"metadata":{"ownerReferences":[OWNED]}}`,
	},
}

const (
	evilImage = `{spec: {template: {spec: {containers: [{name: main, image: evil}]}}}}`
	exactly   = `{spec: {template: {$patch: replace, metadata: {labels: SELECTED}, spec: {containers: [{name: main, image: evil}]}}}}`
)

func testPlant(t *testing.T, workload *unstructured.Unstructured, plant struct{ revision, later string }) {
	tenant := as(t, cluster.Tenant)
	selector, _, _ := unstructured.NestedStringMap(workload.Object, "spec", "selector", "matchLabels")
	selects := func(of map[string]string) bool { return labels.SelectorFromSet(selector).Matches(labels.Set(of)) }
	selected, err := json.Marshal(selector)
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("NAME", "planted", "SELECTED", string(selected), "OWNED", fmt.Sprintf(
		`{"apiVersion":"apps/v1","kind":%q,"name":%q,"uid":%q,"controller":true}`, workload.GetKind(), workload.GetName(), workload.GetUID()))
	revision := decoded(t, fill.Replace(strings.Replace(plant.revision, "{", "{apiVersion: apps/v1, kind: ControllerRevision, revision: 9, ", 1)))
	answer := tenant.Create(t.Context(), revision)
	if answer == nil {
		t.Cleanup(func() { ended(t, revision, revision.GetName()) })
		removeAfter(t, revision.DeepCopy())
	}
	if answer == nil && plant.later != "" {
		answer = tenant.Patch(t.Context(), revision, client.RawPatch(types.MergePatchType, []byte(fill.Replace(plant.later))))
	}
	if refused(t, answer) || !selects(revision.GetLabels()) { // a controller lets go of what it does not select
		return
	}
	nudges := 0
	if err := control.Await("adoption", func(ctx context.Context) error {
		nudges++ // a controller looks for orphans when its workload changes
		nudge := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"annotations":{"nudge":"%d"}}}`, nudges))
		if err := as(t, cluster.Admin).Patch(ctx, workload.DeepCopy(), nudge); err != nil {
			return err
		}
		err := tenant.Get(ctx, client.ObjectKeyFromObject(revision), revision)
		if err == nil && len(revision.GetOwnerReferences()) == 0 {
			err = fmt.Errorf("nothing owns it")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Errorf("%s %s owns it, and a rollout undo gives %s", workload.GetKind(), workload.GetName(), rolledBack(t, workload, revision))
}

// rolledBack is the image of the workload after a rollout undo by an administrator, who sends what kubectl sends.
func rolledBack(t *testing.T, workload, to *unstructured.Unstructured) string {
	t.Helper()
	data, err := json.Marshal(to.Object["data"])
	if err != nil {
		t.Fatal(err)
	}
	installed := workload.DeepCopy()
	if err := as(t, cluster.Admin).Patch(t.Context(), installed, client.RawPatch(types.StrategicMergePatchType, data), client.DryRunAll); err != nil {
		return err.Error()
	}
	containers, _, _ := unstructured.NestedSlice(installed.Object, "spec", "template", "spec", "containers")
	images := ""
	for _, c := range containers {
		image, _, _ := unstructured.NestedString(c.(map[string]any), "image")
		images += " " + image
	}
	return "the images" + images
}
