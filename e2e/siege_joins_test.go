package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

const (
	apiName = "polyaxon-polyaxon-api"
	// coreAPI and apiService are as the charts of 2.x have them: the Service selects by one label.
	coreAPI = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: polyaxon-polyaxon-api}, spec: {
		selector: {matchLabels: {app.kubernetes.io/name: polyaxon-polyaxon-api}}, template: {
		metadata: {labels: {app.kubernetes.io/name: polyaxon-polyaxon-api, app.kubernetes.io/part-of: polyaxon-core, app.kubernetes.io/component: polyaxon-api}},
		spec: {containers: [{name: api, image: polyaxon/polyaxon-api}]}}}}`
	apiService = `{apiVersion: v1, kind: Service, metadata: {name: polyaxon-polyaxon-api}, spec: {
		selector: {app.kubernetes.io/name: polyaxon-polyaxon-api}, ports: [{port: 80}]}}`
)

// coreAPIOf makes the API of core, and returns its pod, when it is ready, and its ReplicaSet.
func coreAPIOf(t *testing.T) (*corev1.Pod, *appsv1.ReplicaSet) {
	t.Helper()
	admin := as(t, cluster.Admin)
	create(t, admin, decoded(t, coreAPI))
	create(t, admin, decoded(t, apiService))
	var pod *corev1.Pod
	set := &appsv1.ReplicaSet{}
	if err := control.Await("a core pod", func(ctx context.Context) error {
		var pods corev1.PodList
		if err := admin.List(ctx, &pods, client.InNamespace(cluster.Namespace), client.MatchingLabels{"app.kubernetes.io/name": apiName}); err != nil {
			return err
		}
		if len(pods.Items) != 1 || !ready(&pods.Items[0]) || len(pods.Items[0].OwnerReferences) != 1 {
			return fmt.Errorf("%d pods, none ready", len(pods.Items))
		}
		pod = &pods.Items[0]
		return admin.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: pod.OwnerReferences[0].Name}, set)
	}); err != nil {
		t.Fatal(err)
	}
	return pod, set
}

func ready(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// runningRun is a run of the tenant's that is ready.
func runningRun(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	pod := jobPod(name)
	create(t, as(t, cluster.Tenant), pod)
	if err := control.Await("a run", func(ctx context.Context) error {
		err := as(t, cluster.Tenant).Get(ctx, client.ObjectKeyFromObject(pod), pod)
		if err == nil && !ready(pod) {
			err = fmt.Errorf("it is not ready")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return pod
}

func labelPatch(t *testing.T, labels, annotations map[string]string) client.Patch {
	t.Helper()
	text, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels, "annotations": annotations}})
	if err != nil {
		t.Fatal(err)
	}
	return client.RawPatch(types.MergePatchType, text)
}

// A run whose name is that of a part of core, as Polyaxon writes it into app.kubernetes.io/name, gets none of core's requests.
func TestSiegeEndpoints(t *testing.T) {
	coreAPIOf(t)
	tenant := as(t, cluster.Tenant)
	named := map[string]string{"app.kubernetes.io/name": apiName}
	for name, try := range map[string]func(t *testing.T) (*corev1.Pod, error){
		"a run that is created": func(t *testing.T) (*corev1.Pod, error) {
			pod := jobPod("named")
			pod.Labels["app.kubernetes.io/name"] = apiName
			return pod, tenant.Create(t.Context(), pod)
		},
		"a pod of no run": func(t *testing.T) (*corev1.Pod, error) {
			pod := plainPod(cluster.Namespace)
			pod.Name, pod.Labels = "plainly-named", named
			return pod, tenant.Create(t.Context(), pod)
		},
		"a run that is labelled": func(t *testing.T) (*corev1.Pod, error) {
			pod := runningRun(t, "labelled-later")
			return pod, tenant.Patch(t.Context(), pod, labelPatch(t, named, nil))
		},
		"a run that is labelled by its status": func(t *testing.T) (*corev1.Pod, error) {
			pod := runningRun(t, "labelled-by-status")
			return pod, tenant.SubResource("status").Patch(t.Context(), pod, labelPatch(t, named, nil))
		},
	} {
		t.Run(name, func(t *testing.T) {
			pod, answer := try(t)
			if refused(t, answer) {
				return
			}
			removeAfter(t, pod)
			if err := control.Await("an endpoint", func(ctx context.Context) error { return servedBy(ctx, tenant, pod.Name) }); err != nil {
				t.Fatal(err)
			}
			t.Errorf("pod %s is an endpoint of Service %s", pod.Name, apiName)
		})
	}
}

// servedBy says that the pod is not an endpoint of the API's Service; nil where it is.
func servedBy(ctx context.Context, c client.Client, pod string) error {
	var slices discoveryv1.EndpointSliceList
	if err := c.List(ctx, &slices, client.InNamespace(cluster.Namespace), client.MatchingLabels{discoveryv1.LabelServiceName: apiName}); err != nil {
		return err
	}
	for _, s := range slices.Items {
		for _, e := range s.Endpoints {
			if e.TargetRef != nil && e.TargetRef.Name == pod {
				return nil
			}
		}
	}
	return fmt.Errorf("pod %s is no endpoint", pod)
}

// A mirror pod on a node that is not core's, written by that node, gets none of core's requests either.
func TestSiegeMirrorPod(t *testing.T) {
	config := control.As(cluster.Admin)
	config.Impersonate = rest.ImpersonationConfig{UserName: "system:node:builds-1", Groups: []string{"system:nodes", "system:authenticated"}}
	node, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, labels := range map[string]map[string]string{
		"core": {"app.kubernetes.io/part-of": "polyaxon-core"}, "named": {"app.kubernetes.io/name": apiName},
	} {
		pod := plainPod(cluster.Namespace)
		pod.Name, pod.Labels, pod.Spec.NodeName = "mirror-"+name, labels, "builds-1"
		pod.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "siege"}
		if !refused(t, node.Create(t.Context(), pod)) {
			removeAfter(t, pod)
		}
	}
}

// A pod that is given the labels by which core's ReplicaSet selects takes no core pod's place.
func TestSiegeAdoption(t *testing.T) {
	core, set := coreAPIOf(t)
	tenant := as(t, cluster.Tenant)
	dear := map[string]string{corev1.PodDeletionCost: "2147483647"}
	for name, try := range map[string]func(t *testing.T) (*corev1.Pod, error){
		"by its labels": func(t *testing.T) (*corev1.Pod, error) {
			pod := runningRun(t, "adopted")
			return pod, tenant.Patch(t.Context(), pod, labelPatch(t, set.Spec.Selector.MatchLabels, dear))
		},
		"by its status": func(t *testing.T) (*corev1.Pod, error) {
			pod := runningRun(t, "adopted-by-status")
			return pod, tenant.SubResource("status").Patch(t.Context(), pod, labelPatch(t, set.Spec.Selector.MatchLabels, dear))
		},
	} {
		t.Run(name, func(t *testing.T) {
			pod, answer := try(t)
			if refused(t, answer) {
				return
			}
			if err := control.Await("the end of a core pod", func(ctx context.Context) error {
				now := &corev1.Pod{}
				err := tenant.Get(ctx, client.ObjectKeyFromObject(core), now)
				if err == nil && now.UID == core.UID && now.DeletionTimestamp == nil {
					return fmt.Errorf("core pod %s is still there", core.Name)
				}
				return client.IgnoreNotFound(err)
			}); err != nil {
				t.Fatal(err)
			}
			t.Errorf("ReplicaSet %s has adopted pod %s, and deleted core pod %s", set.Name, pod.Name, core.Name)
		})
	}
}
