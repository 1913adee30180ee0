package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// A ReplicaSet of the tenant's does not come into the history of core's Deployment, from where an administrator's rollout undo
// would install it.
func TestSiegeHistory(t *testing.T) {
	coreAPIOf(t)
	tenant := as(t, cluster.Tenant)
	labels := map[string]string{"app.kubernetes.io/name": apiName}
	for name, try := range map[string]func(t *testing.T) (*appsv1.ReplicaSet, error){
		"labels at creation": func(t *testing.T) (*appsv1.ReplicaSet, error) {
			set := evilReplicaSet(t, "history-created", `{app.kubernetes.io/name: polyaxon-polyaxon-api}`, `{app.kubernetes.io/name: polyaxon-polyaxon-api, app: evil}`)
			return set, tenant.Create(t.Context(), set)
		},
		"labels of its own only": func(t *testing.T) (*appsv1.ReplicaSet, error) {
			set := evilReplicaSet(t, "history-own", `{app.kubernetes.io/name: polyaxon-polyaxon-api}`, `{app: evil}`)
			return set, tenant.Create(t.Context(), set)
		},
		"labels by an update": func(t *testing.T) (*appsv1.ReplicaSet, error) {
			set := evilReplicaSet(t, "history-updated", `{}`, `{app: evil}`)
			create(t, tenant, set)
			return set, tenant.Patch(t.Context(), set, labelPatch(t, labels, nil))
		},
		"labels by its status": func(t *testing.T) (*appsv1.ReplicaSet, error) {
			set := evilReplicaSet(t, "history-status", `{}`, `{app: evil}`)
			create(t, tenant, set)
			return set, tenant.SubResource("status").Patch(t.Context(), set, labelPatch(t, labels, nil))
		},
	} {
		t.Run(name, func(t *testing.T) {
			set, answer := try(t)
			if refused(t, answer) {
				return
			}
			removeAfter(t, set)
			if err := control.Await("adoption", func(ctx context.Context) error {
				err := tenant.Get(ctx, client.ObjectKeyFromObject(set), set)
				if err == nil && metav1.GetControllerOf(set) == nil {
					err = fmt.Errorf("nothing controls ReplicaSet %s", set.Name)
				}
				return err
			}); err != nil {
				t.Error(err)
				return
			}
			t.Errorf("Deployment %s has it as revision %s; a rollout undo gives %s", apiName, set.Annotations["deployment.kubernetes.io/revision"], undone(t, set))
		})
	}
}

func evilReplicaSet(t *testing.T, name, own, pods string) *appsv1.ReplicaSet {
	t.Helper()
	object := decoded(t, `{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: `+name+`, labels: `+own+`, annotations: {deployment.kubernetes.io/revision: "9"}},
		spec: {replicas: 0, selector: {matchLabels: {app: evil}}, template: {metadata: {labels: `+pods+`}, spec: {containers: [{name: api, image: evil}]}}}}`)
	set := &appsv1.ReplicaSet{}
	text, err := object.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(text, set)
	}
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// undone is what core's Deployment comes to when an administrator undoes a rollout to the ReplicaSet, as kubectl does it.
func undone(t *testing.T, to *appsv1.ReplicaSet) string {
	t.Helper()
	template, err := json.Marshal(to.Spec.Template)
	if err != nil {
		t.Fatal(err)
	}
	patch := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"replace","path":"/spec/template","value":`+string(template)+`}]`))
	deployment := &appsv1.Deployment{}
	deployment.Namespace, deployment.Name = cluster.Namespace, apiName
	if err := as(t, cluster.Admin).Patch(t.Context(), deployment, patch, client.DryRunAll); err != nil {
		return err.Error()
	}
	return "image " + deployment.Spec.Template.Spec.Containers[0].Image
}
