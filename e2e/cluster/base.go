package cluster

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Namespace is where Polyaxon and its runs live.
const Namespace = "polyaxon"

// base is what there is before polymoat is installed: nodes, Polyaxon's namespace and service accounts, the tenant.
//
//go:embed base.yaml
var base string

// createBase creates the objects of base.yaml.
func (c *Cluster) createBase() error {
	objects, err := Decode(base)
	if err != nil {
		return fmt.Errorf("base.yaml: %w", err)
	}
	for _, name := range claims {
		objects = append(objects, volume(name)...)
	}
	return c.Create(objects...)
}

// Create creates objects as the administrator.
func (c *Cluster) Create(objects ...*unstructured.Unstructured) error {
	admin, err := client.New(c.As(Admin), client.Options{})
	if err != nil {
		return err
	}
	for _, object := range objects {
		if err := c.create(admin, object); err != nil {
			return fmt.Errorf("create %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// create waits for the object's kind: a CRD is established a moment before discovery and the endpoints know it.
func (c *Cluster) create(admin client.Client, object *unstructured.Unstructured) error {
	var answer error
	err := c.Await("the kind "+object.GetKind(), func(ctx context.Context) error {
		answer = admin.Create(ctx, object.DeepCopy())
		if meta.IsNoMatchError(answer) || apierrors.HasStatusCause(answer, metav1.CauseTypeUnexpectedServerResponse) {
			return answer
		}
		return nil
	})
	if err != nil {
		return err
	}
	return answer
}

// awaitBase waits for what controllers and kwok make of base.yaml.
func (c *Cluster) awaitBase() error {
	admin, err := client.New(c.As(Admin), client.Options{})
	if err != nil {
		return err
	}
	err = c.Await("the namespace's default service account", func(ctx context.Context) error {
		return admin.Get(ctx, client.ObjectKey{Namespace: Namespace, Name: "default"}, &corev1.ServiceAccount{})
	})
	if err != nil {
		return err
	}
	return c.Await("ready nodes", func(ctx context.Context) error {
		var nodes corev1.NodeList
		if err := admin.List(ctx, &nodes); err != nil {
			return err
		}
		return allReady(nodes.Items)
	})
}

// allReady says which node still has a taint of the control plane's own: such a node takes no pod.
func allReady(nodes []corev1.Node) error {
	for _, node := range nodes {
		for _, taint := range node.Spec.Taints {
			if strings.HasPrefix(taint.Key, "node.kubernetes.io/") {
				return fmt.Errorf("node %s has the taint %s", node.Name, taint.Key)
			}
		}
	}
	return nil
}
