package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

func TestCoreIsEarned(t *testing.T) {
	createPolyaxonKinds(t)
	owner := coreReplicaSet(t)
	for name, tc := range claims {
		t.Run(name, func(t *testing.T) {
			text := strings.NewReplacer("OWNER", owner.Name, "UID", string(owner.UID)).Replace(tc.object)
			object := decoded(t, text)
			var answer error
			if err := control.Await("the kind", func(ctx context.Context) error { // a CRD takes a moment
				answer = as(t, cluster.Tenant).Create(ctx, object.DeepCopy())
				if answer != nil && apierrors.ReasonForError(answer) == metav1.StatusReasonUnknown || apierrors.IsNotFound(answer) {
					return answer
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			door := "workloads"
			if object.GetKind() == "Pod" {
				door = "validate"
			}
			want := `admission webhook "` + door + `.polymoat.io" denied the request: ` + tc.want
			if diff := cmp.Diff(want, message(answer)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if answer == nil {
				removeAfter(t, object)
			}
		})
	}
}

// coreReplicaSet is that of a core Deployment which the administrator makes.
func coreReplicaSet(t *testing.T) *appsv1.ReplicaSet {
	t.Helper()
	admin := as(t, cluster.Admin)
	create(t, admin, decoded(t, workload("apps/v1", "Deployment", "own", "")))
	var sets appsv1.ReplicaSetList
	if err := control.Await("the ReplicaSet of a core Deployment", func(ctx context.Context) error {
		if err := admin.List(ctx, &sets, client.InNamespace(cluster.Namespace)); err != nil {
			return err
		}
		for _, set := range sets.Items {
			if owner := metav1.GetControllerOf(&set); owner != nil && owner.Name == "own" {
				sets.Items[0] = set
				return nil
			}
		}
		return fmt.Errorf("none of %d", len(sets.Items))
	}); err != nil {
		t.Fatal(err)
	}
	return &sets.Items[0]
}

func decoded(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	objects, err := cluster.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	objects[0].SetNamespace(cluster.Namespace)
	return objects[0]
}

// A running pod does not become core by another label.
func TestRelabelledPodEarnsNothing(t *testing.T) {
	tenant, pod := as(t, cluster.Tenant), plainPod(cluster.Namespace)
	pod.Name = "relabelled"
	create(t, tenant, pod)
	relabel := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"app.kubernetes.io/part-of":"polyaxon-core"}}}`))
	want := `admission webhook "validate.polymoat.io" denied the request: pods "relabelled" of role "core": ` + labelled[1:] + ` [core-claim]`
	if diff := cmp.Diff(want, message(tenant.Patch(t.Context(), pod, relabel))); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

// Whoever RBAC trusts, in the whole cluster, may claim core: a user, with nothing said in the policy.
func TestRBACGrantsCore(t *testing.T) {
	admin := as(t, cluster.Admin)
	jane := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "jane"}}
	create(t, admin, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "jane", Namespace: cluster.Namespace}, Subjects: jane,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "everything"},
	})
	create(t, admin, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "jane-core"}, Subjects: jane,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "polymoat-core"},
	})
	object := decoded(t, workload("apps/v1", "Deployment", "granted", ""))
	removeAfter(t, object)
	if err := control.Await("RBAC", func(ctx context.Context) error { return as(t, "jane").Create(ctx, object.DeepCopy()) }); err != nil {
		t.Fatal(err)
	}
}

// earlier is a core Deployment that the tenant made before polymoat was installed.
var earlier = strings.Replace(workload("apps/v1", "Deployment", "earlier", "replicas: 0, "), coreLabel, "{app: earlier}", 1)

func createEarlier() error {
	text := strings.Replace(earlier, "labels: "+coreLabel, "labels: {app: earlier, app.kubernetes.io/part-of: polyaxon-core}", 1)
	objects, err := cluster.Decode(text)
	if err != nil {
		return err
	}
	objects[0].SetNamespace(cluster.Namespace)
	tenant, err := client.New(control.As(cluster.Tenant), client.Options{})
	if err != nil {
		return err
	}
	return tenant.Create(context.Background(), objects[0])
}

// What was there before polymoat goes on: its tenant may scale and label it, and its pods are created on core nodes. What
// it runs is no longer theirs to change.
func TestEarlierCoreGoesOn(t *testing.T) {
	tenant, deployment := as(t, cluster.Tenant), &appsv1.Deployment{}
	key := client.ObjectKey{Namespace: cluster.Namespace, Name: "earlier"}
	if err := tenant.Get(t.Context(), key, deployment); err != nil {
		t.Fatal(err)
	}
	removeAfter(t, deployment.DeepCopy())
	image := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"evil"}]`))
	want := `admission webhook "workloads.polymoat.io" denied the request: deployments.apps "earlier" of role "core": ` +
		`spec.template changes a template of role "core" (label app.kubernetes.io/part-of=polyaxon-core)` + kept + ` [core-claim]`
	if diff := cmp.Diff(want, message(tenant.Patch(t.Context(), deployment, image))); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	note := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"note":"mine"}}}`))
	if err := tenant.Patch(t.Context(), deployment, note); err != nil {
		t.Errorf("metadata: %v", err)
	}
	scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: 1}}
	if err := tenant.SubResource("scale").Update(t.Context(), deployment, client.WithSubResourceBody(scale)); err != nil {
		t.Fatalf("scale: %v", err)
	}
	if err := control.Await("a pod on a core node", func(ctx context.Context) error { return boundToCore(ctx, tenant, "earlier") }); err != nil {
		t.Error(err)
	}
}

func boundToCore(ctx context.Context, c client.Client, app string) error {
	var pods corev1.PodList
	if err := c.List(ctx, &pods, client.InNamespace(cluster.Namespace), client.MatchingLabels{"app": app}); err != nil {
		return err
	}
	if len(pods.Items) != 1 || !strings.HasPrefix(pods.Items[0].Spec.NodeName, "core-") {
		return fmt.Errorf("%d pods, none on a core node", len(pods.Items))
	}
	return nil
}
