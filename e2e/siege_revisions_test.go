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
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

const (
	evilSpec = `{hostPID: true, containers: [{name: c, image: evil, securityContext: {privileged: true}}]}`
	ownOnly  = `{labels: {app: x}}`
	asCore   = `{labels: {app: x, app.kubernetes.io/part-of: polyaxon-core}}`
)

// readAnotherWay are revisions that kube-controller-manager reads as core, because it takes keys for equal that differ in case. U+017F is
// the long s, whose upper case is S.
var readAnotherWay = map[string]string{
	"Metadata beside metadata": `{spec: {template: {$patch: replace, Metadata: ` + asCore + `, metadata: ` + ownOnly + `, spec: ` + evilSpec + `}}}`,
	"Labels in metadata":       `{spec: {template: {$patch: replace, metadata: {Labels: {app.kubernetes.io/part-of: polyaxon-core}, labels: {app: x}}, spec: ` + evilSpec + `}}}`,
	"Spec":                     `{Spec: {template: {$patch: replace, metadata: ` + asCore + `, spec: ` + evilSpec + `}}}`,
	"spec with a long s":       `{"\u017fpec": {template: {metadata: ` + asCore + `, spec: ` + evilSpec + `}, selector: {matchLabels: {app: x}}, serviceName: x, replicas: 1}}`,
}

// A revision that a controller reads in another way brings no privileged pod to a core node.
func TestSiegeRevisions(t *testing.T) {
	for name, data := range readAnotherWay {
		t.Run(name, func(t *testing.T) {
			set := stuckSet(t)
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
	set := stuckSet(t)
	revision := revisionOf(t, set, readAnotherWay["Metadata beside metadata"])
	create(t, as(t, cluster.Admin), revision)
	if pod := steered(t, set, revision.GetName()); pod != nil {
		t.Errorf("pod %s with labels %v and hostPID %v is on node %q", pod.Name, pod.Labels, pod.Spec.HostPID, pod.Spec.NodeName)
	}
}

// stuckSet is a StatefulSet of the tenant's whose pod no node takes. Its partition keeps the pod at the current revision.
func stuckSet(t *testing.T) *appsv1.StatefulSet {
	t.Helper()
	object := decoded(t, `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: x}, spec: {replicas: 1, serviceName: x,
		updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 100}}, selector: {matchLabels: {app: x}},
		template: {metadata: {labels: {app: x}}, spec: {nodeSelector: {nowhere: "true"}, containers: [{name: c, image: busybox}]}}}}`)
	t.Cleanup(func() { gone(t, &corev1.Pod{}, "x-0") }) // after the StatefulSet's end
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

// steered has the StatefulSet make its pod from the revision, and returns the pod if it is another than the template says; nil if
// the controller may not create it.
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
			return nil
		}
		if said := saidOf(ctx, t, set.UID, "FailedCreate"); strings.Contains(said, "denied the request") {
			pod = corev1.Pod{}
			return nil
		}
		return fmt.Errorf("pod %s is on node %q (%v)", pod.Name, pod.Spec.NodeName, err)
	}); err != nil {
		t.Fatal(err)
	}
	if pod.Name == "" || pod.Spec.NodeSelector["nowhere"] != "" {
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

// A revision beside core's own StatefulSet comes into its history, and an administrator's rollout undo installs it.
func TestSiegeRevisionOfCore(t *testing.T) {
	const evil = `{spec: {template: {spec: {containers: [{name: redis, image: evil}]}}}}`
	set := coreSet(t)
	tenant := as(t, cluster.Tenant)
	labels, err := json.Marshal(set.Spec.Selector.MatchLabels)
	if err != nil {
		t.Fatal(err)
	}
	owner := fmt.Sprintf(`[{apiVersion: apps/v1, kind: StatefulSet, name: %s, uid: %s, controller: true}]`, set.Name, set.UID)
	own := func(name, metadata string) *unstructured.Unstructured {
		return decoded(t, `{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: `+name+metadata+`}, revision: 9, data: `+evil+`}`)
	}
	exact := strings.Replace(evil, "template: {spec", "template: {$patch: replace, metadata: {labels: {app: x}}, spec", 1)
	for name, try := range map[string]func() (*unstructured.Unstructured, error){
		"an orphan that it selects": func() (*unstructured.Unstructured, error) {
			r := own("orphan", `, labels: `+string(labels))
			return r, tenant.Create(t.Context(), r)
		},
		"an exact orphan that it selects": func() (*unstructured.Unstructured, error) {
			r := decoded(t, `{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: exact, labels: `+string(labels)+`}, revision: 9, data: `+exact+`}`)
			return r, tenant.Create(t.Context(), r)
		},
		"one that it owns": func() (*unstructured.Unstructured, error) {
			r := own("owned", `, labels: `+string(labels)+`, ownerReferences: `+owner)
			return r, tenant.Create(t.Context(), r)
		},
		"one that gets its labels later": func() (*unstructured.Unstructured, error) {
			r := decoded(t, `{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: later, labels: {app: x}}, revision: 9, data: `+exact+`}`)
			create(t, tenant, r)
			patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":`+string(labels)+`}}`))
			return r, tenant.Patch(t.Context(), r, patch)
		},
	} {
		t.Run(name, func(t *testing.T) {
			revision, answer := try()
			if refused(t, answer) {
				return
			}
			removeAfter(t, revision)
			if err := control.Await("adoption", func(ctx context.Context) error {
				err := tenant.Get(ctx, client.ObjectKeyFromObject(revision), revision)
				if err == nil && len(revision.GetOwnerReferences()) == 0 {
					err = fmt.Errorf("nothing owns it")
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			data, err := json.Marshal(revision.Object["data"])
			if err != nil {
				t.Fatal(err)
			}
			// This is what kubectl rollout undo sends.
			undo := client.RawPatch(types.StrategicMergePatchType, data)
			installed := set.DeepCopy()
			err = as(t, cluster.Admin).Patch(t.Context(), installed, undo, client.DryRunAll)
			t.Errorf("StatefulSet %s owns it, and a rollout undo gives image %q (%v)", set.Name, installed.Spec.Template.Spec.Containers[0].Image, err)
		})
	}
}

// coreSet is a StatefulSet of core, with its pod.
func coreSet(t *testing.T) *appsv1.StatefulSet {
	t.Helper()
	for _, w := range workloads(t) {
		if w.Name != "v2.16-redis" {
			continue
		}
		create(t, as(t, cluster.Admin), w.Object)
		set := &appsv1.StatefulSet{}
		if err := as(t, cluster.Admin).Get(t.Context(), client.ObjectKeyFromObject(w.Object), set); err != nil {
			t.Fatal(err)
		}
		awaitPod(t, set.Name+"-0", "core")
		return set
	}
	t.Fatal("there is no such workload")
	return nil
}
