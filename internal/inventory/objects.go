package inventory

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Add takes in what an object says, as JSON values. It returns false for a kind that says nothing of a policy.
func (c *Cluster) Add(raw map[string]any) (bool, error) {
	o := unstructured.Unstructured{Object: raw}
	switch o.GetKind() {
	case "Node":
		var node corev1.Node
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &node); err != nil {
			return true, fmt.Errorf("node %q: %w", o.GetName(), err)
		}
		c.Nodes = append(c.Nodes, node)
	case "NodePool":
		return true, c.addNodePool(&o)
	case "Deployment", "StatefulSet":
		c.Workloads = append(c.Workloads, metaOf(&o))
	case "Namespace":
		c.Namespaces = append(c.Namespaces, metaOf(&o))
	case "PriorityClass":
		c.PriorityClasses = append(c.PriorityClasses, o.GetName())
	default:
		return false, nil
	}
	return true, nil
}

func metaOf(o *unstructured.Unstructured) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: o.GetName(), Namespace: o.GetNamespace(), Labels: o.GetLabels(), Annotations: o.GetAnnotations()}
}

// addNodePool takes in one of Karpenter's.
func (c *Cluster) addNodePool(o *unstructured.Unstructured) error {
	labels, _, err := unstructured.NestedStringMap(o.Object, "spec", "template", "metadata", "labels")
	if err != nil {
		return fmt.Errorf("nodepool %q: %w", o.GetName(), err)
	}
	template, _, err := unstructured.NestedMap(o.Object, "spec", "template", "spec")
	if err != nil {
		return fmt.Errorf("nodepool %q: %w", o.GetName(), err)
	}
	var spec struct {
		Taints []corev1.Taint `json:"taints"`
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(template, &spec); err != nil {
		return fmt.Errorf("nodepool %q: %w", o.GetName(), err)
	}
	c.NodePools = append(c.NodePools, NodePool{Name: o.GetName(), Labels: labels, Taints: spec.Taints})
	return nil
}
