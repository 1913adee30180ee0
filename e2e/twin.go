package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/native"
)

// InstallTwin creates the native twin of the policies, and returns once both halves of the built-in one are in force.
func InstallTwin(c *cluster.Cluster, policies ...*v1alpha1.PlacementPolicy) error {
	if err := CreateTwin(c, policies...); err != nil {
		return err
	}
	tenant, err := client.New(c.As(cluster.Tenant), client.Options{})
	if err != nil {
		return err
	}
	return c.Await("the twin", func(ctx context.Context) error { return twinAnswers(ctx, tenant) })
}

// CreateTwin creates the native twin of the policies. It comes into force later.
func CreateTwin(c *cluster.Cluster, policies ...*v1alpha1.PlacementPolicy) error {
	objects, err := twinObjects(policies)
	if err != nil {
		return err
	}
	return c.Create(objects...)
}

// RemoveTwin takes it away again.
func RemoveTwin(ctx context.Context, admin client.Client, policies ...*v1alpha1.PlacementPolicy) error {
	objects, err := twinObjects(policies)
	for _, o := range objects {
		err = errors.Join(err, client.IgnoreNotFound(admin.Delete(ctx, o)))
	}
	return err
}

// twinObjects are the policies and bindings of the twin, as they are sent.
func twinObjects(policies []*v1alpha1.PlacementPolicy) ([]*unstructured.Unstructured, error) {
	t := native.Compile(policies...)
	var objects []*unstructured.Unstructured
	for _, o := range append(t.MutatingObjects(), t.ValidatingObjects()...) {
		object, err := plain(o)
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// twinAnswers says what is missing while the twin is not in force.
func twinAnswers(ctx context.Context, tenant client.Client) error {
	pod, err := Train()
	if err != nil {
		return err
	}
	if err := tenant.Create(ctx, pod, client.DryRunAll); err != nil {
		return err
	}
	if pod.Spec.NodeSelector["polyaxon"] == "" {
		return errors.New("a run is not placed by the twin")
	}
	claims, err := Train()
	if err != nil {
		return err
	}
	claims.Labels = map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}
	if err := tenant.Create(ctx, claims, client.DryRunAll); !RefusedByTwin(err, "core-claim") {
		return fmt.Errorf("a claim of core is not refused by the twin: %w", err)
	}
	return bindingIsRefused(ctx, tenant)
}

// RefusedByTwin says whether the error is the refusal of the twin by a rule; empty: by any. The twin is asked before polymoat.
func RefusedByTwin(err error, rule string) bool {
	return err != nil && strings.Contains(err.Error(), "ValidatingAdmissionPolicy 'polymoat-") && strings.Contains(err.Error(), rule+": ")
}

// bindingIsRefused looks for the policy that judges no pods: each is in force in its own time.
func bindingIsRefused(ctx context.Context, tenant client.Client) error {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "none", Namespace: "polyaxon"}}
	binding := &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: "core-1"}}
	err := tenant.SubResource("binding").Create(ctx, pod, binding, client.DryRunAll)
	if !RefusedByTwin(err, "binding") {
		return fmt.Errorf("a Binding is not refused by the twin: %w", err)
	}
	return nil
}

// plain is an object without its status.
func plain(o metav1.Object) (*unstructured.Unstructured, error) {
	b, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{}
	if err := json.Unmarshal(b, &object.Object); err != nil {
		return nil, err
	}
	unstructured.RemoveNestedField(object.Object, "status")
	return object, nil
}
