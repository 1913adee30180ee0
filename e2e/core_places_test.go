package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// coreNamed is a workload of core whose controller selects by one label.
func coreNamed(t *testing.T, kind, name, key, value string, replicas int) client.Object {
	t.Helper()
	text := workload("apps/v1", kind, name, fmt.Sprintf("replicas: %d, ", replicas))
	text = strings.Replace(text, coreLabel, fmt.Sprintf("{%s: %s}", key, value), 1)
	return decoded(t, strings.Replace(text, coreLabel, fmt.Sprintf("{%s: %s, app.kubernetes.io/part-of: polyaxon-core}", key, value), 1))
}

// corePods waits for the pods of core that carry a label, all of which run on core nodes.
func corePods(t *testing.T, key, value string, want int) []corev1.Pod {
	t.Helper()
	var pods corev1.PodList
	err := control.Await("core pods", func(ctx context.Context) error {
		selected := client.MatchingLabels{key: value, "app.kubernetes.io/part-of": "polyaxon-core"}
		if err := as(t, cluster.Admin).List(ctx, &pods, client.InNamespace(cluster.Namespace), selected); err != nil {
			return err
		}
		running := 0
		for _, pod := range pods.Items {
			if strings.HasPrefix(pod.Spec.NodeName, "core-") && pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp == nil {
				running++
			}
		}
		if running != want || len(pods.Items) != want {
			return fmt.Errorf("%d of %d run on core nodes, want %d", running, len(pods.Items), want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pods.Items
}

// Polyaxon writes the name of a run into the label by which the chart's Services select: a run that is called like the API
// would be an endpoint of it.
func TestRunJoinsNoServiceOfCore(t *testing.T) {
	const name = "polyaxon-polyaxon-api"
	admin := as(t, cluster.Admin)
	create(t, admin, coreNamed(t, "Deployment", name, "app.kubernetes.io/name", name, 1))
	create(t, admin, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: cluster.Namespace},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app.kubernetes.io/name": name}, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8000)}},
		},
	})
	corePods(t, "app.kubernetes.io/name", name, 1)
	endpoints := func(want int) error {
		return control.Await("endpoints", func(ctx context.Context) error {
			var slices discoveryv1.EndpointSliceList
			if err := admin.List(ctx, &slices, client.InNamespace(cluster.Namespace), client.MatchingLabels{discoveryv1.LabelServiceName: name}); err != nil {
				return err
			}
			got := 0
			for _, s := range slices.Items {
				got += len(s.Endpoints)
			}
			if got != want {
				return fmt.Errorf("%d, want %d", got, want)
			}
			return nil
		})
	}
	if err := endpoints(1); err != nil {
		t.Fatal(err)
	}
	tenant, running := as(t, cluster.Tenant), running(t, createdRun(t, "joins-later"))
	run, plain := jobPod("joins"), plainPod(cluster.Namespace)
	run.Labels["app.kubernetes.io/name"], plain.Labels = name, map[string]string{"app.kubernetes.io/name": name}
	named := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"app.kubernetes.io/name":"`+name+`"}}}`))
	removeAfter(t, run)
	removeAfter(t, plain)
	for _, tc := range []struct {
		pod           *corev1.Pod
		role, at, fix string
		answer        error
	}{
		{run, "jobs", "environment", "give the run another name", tenant.Create(t.Context(), run)},
		{plain, "other", "metadata", "remove it", tenant.Create(t.Context(), plain)},
		{running, "jobs", "environment", "give the run another name", tenant.Patch(t.Context(), running.DeepCopy(), named)},
		{running, "jobs", "environment", "give the run another name", tenant.SubResource("status").Patch(t.Context(), running.DeepCopy(), named)},
	} {
		want := fmt.Sprintf(`admission webhook "validate.polymoat.io" denied the request: pods %q of role %q: `+
			`%s.labels[app.kubernetes.io/name] "polyaxon-polyaxon-api" is the name of Polyaxon's own component "api"%s`+
			`%s, or %screate it [core-claim]`, tc.pod.Name, tc.role, tc.at, noTrust, tc.fix, trusted)
		if diff := cmp.Diff(want, message(tc.answer)); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
		if tc.answer == nil && endpoints(2) == nil {
			t.Fatal("the run is an endpoint of Polyaxon's API")
		}
	}
}

// A mirror pod on a node that is not core's, written by that node, gets none of core's requests either.
func TestMirrorPodIsNotCore(t *testing.T) {
	kubelet := asNode(t, "builds-1")
	for label, value := range map[string]string{"app.kubernetes.io/part-of": "polyaxon-core", "app.kubernetes.io/name": "polyaxon-polyaxon-api"} {
		pod := plainPod(cluster.Namespace)
		pod.Name, pod.Labels, pod.Spec.NodeName = "mirror", map[string]string{label: value}, "builds-1"
		pod.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "siege"}
		removeAfter(t, pod)
		want := `admission webhook "validate.polymoat.io" denied the request: pods "mirror": metadata.labels[` + label + `] claims role "core" ` +
			`for a static pod of node "builds-1", which is in none of the role's node pools; take the label out of the manifest on that node, or run it on a core node [core-claim]`
		if diff := cmp.Diff(want, message(kubelet.Create(t.Context(), pod))); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
	}
}

// A running pod with the labels of core's Deployment would be adopted by its ReplicaSet, which then deletes a real pod.
// Whichever way the labels come, they are refused.
func TestRunReplacesNoCorePod(t *testing.T) {
	tenant := as(t, cluster.Tenant)
	create(t, as(t, cluster.Admin), coreNamed(t, "Deployment", "proxy", "app", "proxy", 1))
	genuine := corePods(t, "app", "proxy", 1)[0]
	pod := running(t, createdRun(t, "replaces"))
	labels := fmt.Sprintf(`{"app":"proxy","pod-template-hash":%q}`, genuine.Labels["pod-template-hash"])
	change := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":`+labels+`,"annotations":{"controller.kubernetes.io/pod-deletion-cost":"1000"}}}`))
	want := `admission webhook "validate.polymoat.io" denied the request: pods "replaces" of role "jobs": environment.labels[app] "proxy" ` +
		`meets the selector of Deployment "proxy", which is Polyaxon's own` + earned + ` [core-claim]`
	answers := map[string]error{
		"patch":  tenant.Patch(t.Context(), pod.DeepCopy(), change),
		"status": tenant.Status().Patch(t.Context(), pod.DeepCopy(), change),
	}
	for door, err := range answers {
		if diff := cmp.Diff(want, message(err)); diff != "" {
			t.Errorf("answer to a %s (-want +got):\n%s", door, diff)
		}
	}
	if answers["patch"] == nil && gone(t, &genuine) == nil {
		t.Error("the ReplicaSet has deleted the real pod of core")
	}
	restored := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"pod-template-hash":"x","controller-revision-hash":"x"}}}`))
	if err := tenant.Patch(t.Context(), pod, restored); err != nil {
		t.Errorf("hashes alone, as a restore writes them: %v", err)
	}
}

func gone(t *testing.T, pod *corev1.Pod) error {
	t.Helper()
	return control.Await("the end of a pod", func(ctx context.Context) error {
		err := as(t, cluster.Admin).Get(ctx, client.ObjectKeyFromObject(pod), pod)
		if apierrors.IsNotFound(err) || err == nil && pod.DeletionTimestamp != nil {
			return nil
		}
		return errors.Join(err, fmt.Errorf("pod %s is there", pod.Name))
	})
}
