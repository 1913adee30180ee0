package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
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
	pod := jobPod("joins")
	pod.Labels["app.kubernetes.io/name"] = name
	removeAfter(t, pod)
	err := as(t, cluster.Tenant).Create(t.Context(), pod)
	want := `admission webhook "validate.polymoat.io" denied the request: pods "joins": role "jobs" violates core-claim: ` +
		`metadata.labels[app.kubernetes.io/name] "polyaxon-polyaxon-api" is the name of Polyaxon's own component "api"` + noTrust +
		`give the run another name, or ` + trusted + `create it`
	if diff := cmp.Diff(want, message(err)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if err == nil && endpoints(2) == nil {
		t.Error("the run is an endpoint of Polyaxon's API")
	}
}

// A running pod with the labels of core's Deployment would be adopted by its ReplicaSet, which then deletes a real pod.
// Whichever way the labels come, they are refused.
func TestRunReplacesNoCorePod(t *testing.T) {
	tenant := as(t, cluster.Tenant)
	create(t, as(t, cluster.Admin), coreNamed(t, "Deployment", "proxy", "app", "proxy", 1))
	genuine := corePods(t, "app", "proxy", 1)[0]
	pod := jobPod("replaces")
	create(t, tenant, pod)
	awaitBound(t, as(t, cluster.Admin), pod)
	labels := fmt.Sprintf(`{"app":"proxy","pod-template-hash":%q}`, genuine.Labels["pod-template-hash"])
	change := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":`+labels+`,"annotations":{"controller.kubernetes.io/pod-deletion-cost":"1000"}}}`))
	want := `admission webhook "validate.polymoat.io" denied the request: pods "replaces": role "jobs" violates core-claim: metadata.labels[app] "proxy" ` +
		`meets the selector of Deployment "proxy", which is Polyaxon's own` + earned
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

// createStray makes a pod, before polymoat is installed, with a label that a workload of core selects by later.
func createStray() error {
	objects, err := cluster.Decode("{apiVersion: v1, kind: Pod, metadata: {name: stray, labels: {app: late}}, spec: " + podSpec + "}")
	if err != nil {
		return err
	}
	objects[0].SetNamespace(cluster.Namespace)
	tenant, err := client.New(control.As(cluster.Tenant), client.Options{})
	if err != nil {
		return err
	}
	return control.Await("a stray pod", func(ctx context.Context) error { // its service account takes a moment
		return client.IgnoreAlreadyExists(tenant.Create(ctx, objects[0]))
	})
}

// A pod from before the policy is adopted, and core scales all the same. It is told of, with the command that removes it;
// then core has a real pod in its place.
func TestStrayPodIsToldOf(t *testing.T) {
	admin, tenant := as(t, cluster.Admin), as(t, cluster.Tenant)
	stray := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "stray", Namespace: cluster.Namespace}}
	removeAfter(t, stray.DeepCopy())
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
