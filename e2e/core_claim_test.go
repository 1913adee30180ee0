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

const (
	coreLabel = `{app.kubernetes.io/part-of: polyaxon-core}`
	noTrust   = `, which user "tenant" is not trusted with; `
	trusted   = `have one of group "system:masters" or whoever may "use" roles.polymoat.io "core" `
	earned    = noTrust + "remove it, or " + trusted + "create it"
	kept      = noTrust + "leave it as it was, or " + trusted + "change it"
	labelled  = `.metadata.labels[app.kubernetes.io/part-of] "polyaxon-core" claims role "core"` + earned
)

// claims are objects that claim core, and what the tenant, who has every right in the namespace, reads.
var claims = map[string]struct{ object, want string }{
	"a pod with the label of core": {
		"{apiVersion: v1, kind: Pod, metadata: {name: claim, labels: " + coreLabel + "}, spec: " + podSpec + "}",
		`pods "claim": role "core" violates core-claim: ` + labelled[1:],
	},
	"a pod with the owner of a core pod": {
		"{apiVersion: v1, kind: Pod, metadata: {name: claim, labels: " + coreLabel + ", ownerReferences: " +
			"[{apiVersion: apps/v1, kind: ReplicaSet, name: OWNER, uid: UID, controller: true}]}, spec: " + podSpec + "}",
		`pods "claim": role "core" violates core-claim: ` + labelled[1:],
	},
	"a pod with Polyaxon's service account": {
		"{apiVersion: v1, kind: Pod, metadata: {name: claim, labels: " + coreLabel + "}, spec: {serviceAccountName: polyaxon-polyaxon-agent-sa, " + podSpec[1:] + "}",
		`pods "claim": role "core" violates core-claim: ` + labelled[1:],
	},
	"a Deployment":            {workload("apps/v1", "Deployment", "claim", ""), `deployments.apps "claim": role "core" violates core-claim: spec.template` + labelled},
	"a ReplicaSet":            {workload("apps/v1", "ReplicaSet", "claim", ""), `replicasets.apps "claim": role "core" violates core-claim: spec.template` + labelled},
	"a StatefulSet":           {workload("apps/v1", "StatefulSet", "claim", "serviceName: claim, "), `statefulsets.apps "claim": role "core" violates core-claim: spec.template` + labelled},
	"a DaemonSet":             {workload("apps/v1", "DaemonSet", "claim", ""), `daemonsets.apps "claim": role "core" violates core-claim: spec.template` + labelled},
	"a ReplicationController": {strings.Replace(workload("v1", "ReplicationController", "claim", ""), "{matchLabels: "+coreLabel+"}", coreLabel, 1), `replicationcontrollers "claim": role "core" violates core-claim: spec.template` + labelled},
	"a Job": {
		"{apiVersion: batch/v1, kind: Job, metadata: {name: claim}, spec: {template: " + podTemplate(coreLabel) + "}}",
		`jobs.batch "claim": role "core" violates core-claim: spec.template` + labelled,
	},
	"a CronJob": {
		"{apiVersion: batch/v1, kind: CronJob, metadata: {name: claim}, spec: {schedule: '* * * * *', jobTemplate: {spec: {template: " + podTemplate(coreLabel) + "}}}}",
		`cronjobs.batch "claim": role "core" violates core-claim: spec.jobTemplate.spec.template` + labelled,
	},
	"a Job with the name of a hook": {
		"{apiVersion: batch/v1, kind: Job, metadata: {name: polyaxon-sync-db}, spec: {template: " + podTemplate("{app.kubernetes.io/name: polyaxon-polyaxon-sync-db}") + "}}",
		`jobs.batch "polyaxon-sync-db": role "core" violates core-claim: spec.template.metadata.labels[app.kubernetes.io/name] "polyaxon-polyaxon-sync-db" ` +
			`claims role "core" (Helm hook Job "polyaxon-sync-db" of release "polyaxon")` + earned,
	},
	"a StatefulSet like the bundled database": {
		strings.ReplaceAll(workload("apps/v1", "StatefulSet", "polyaxon-postgresql", "serviceName: a, "), coreLabel, "{app: postgresql, release: polyaxon}"),
		`statefulsets.apps "polyaxon-postgresql": role "core" violates core-claim: spec.template.metadata.labels[app] "postgresql" ` +
			`claims role "core" (label app=postgresql, bundled with release "polyaxon")` + earned,
	},
	"a revision of a StatefulSet": {
		"{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: claim}, revision: 1, data: {spec: {template: {$patch: replace, metadata: {labels: " + coreLabel + "}, spec: " + podSpec + "}}}}",
		`controllerrevisions.apps "claim": role "core" violates core-claim: data.spec.template` + labelled,
	},
	"an Operation": {
		"{apiVersion: core.polyaxon.com/v1, kind: Operation, metadata: {name: claim, labels: " + coreLabel + "}, batchJobSpec: {template: {spec: " + podSpec + "}}}",
		`operations.core.polyaxon.com "claim": role "core" violates core-claim: ` + labelled[1:],
	},
}

const podSpec = "{restartPolicy: Always, containers: [{name: main, image: 'busybox:1.37'}]}"

func podTemplate(labels string) string {
	return "{metadata: {labels: " + labels + "}, spec: " + strings.Replace(podSpec, "Always", "Never", 1) + "}"
}

func workload(apiVersion, kind, name, more string) string {
	return fmt.Sprintf("{apiVersion: %s, kind: %s, metadata: {name: %s}, spec: {%sselector: {matchLabels: %s}, template: {metadata: {labels: %s}, spec: %s}}}",
		apiVersion, kind, name, more, coreLabel, coreLabel, podSpec)
}

func TestCoreIsEarned(t *testing.T) {
	create(t, as(t, cluster.Admin), operations())
	owner := coreReplicaSet(t)
	for name, tc := range claims {
		t.Run(name, func(t *testing.T) {
			text := strings.NewReplacer("OWNER", owner.Name, "UID", string(owner.UID)).Replace(tc.object)
			object := decoded(t, text)
			var answer error
			if err := control.Await("the kind", func(ctx context.Context) error { // a CRD takes a moment
				answer = as(t, cluster.Tenant).Create(ctx, object.DeepCopy())
				if apierrors.IsNotFound(answer) {
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

// operations is Polyaxon's kind, as far as a pod template goes.
func operations() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "operations.core.polyaxon.com"},
		"spec": map[string]any{
			"group": "core.polyaxon.com", "scope": "Namespaced",
			"names": map[string]any{"kind": "Operation", "plural": "operations"},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	}}
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
	want := `admission webhook "validate.polymoat.io" denied the request: pods "relabelled": role "core" violates core-claim: ` + labelled[1:]
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
	want := `admission webhook "workloads.polymoat.io" denied the request: deployments.apps "earlier": role "core" violates core-claim: ` +
		`spec.template changes a template of role "core" (label app.kubernetes.io/part-of=polyaxon-core)` + kept
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
