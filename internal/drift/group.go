package drift

import (
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Group is what starts nodes of one sort: a NodePool of Karpenter, or a MachineDeployment of the Cluster API that a
// cluster-autoscaler scales.
type Group struct {
	Object       string // "nodepool.karpenter.sh/core"
	Labels       map[string]string
	Taints       []corev1.Taint // startup taints aside: they go
	Requirements []corev1.NodeSelectorRequirement

	kind, namespace, name string
	free                  []string // keys of labels whose values pods may choose although nothing is said of them
}

const (
	machineDeployment = "MachineDeployment"
	nodePool          = "NodePool"

	labelsAnnotation = "capacity.cluster-autoscaler.kubernetes.io/labels"
	taintsAnnotation = "capacity.cluster-autoscaler.kubernetes.io/taints"
)

// chosen are the keys of labels that Karpenter lets pods choose where a NodePool does not.
var chosen = []string{
	corev1.LabelArchStable, corev1.LabelOSStable, corev1.LabelInstanceTypeStable, corev1.LabelTopologyZone, corev1.LabelTopologyRegion,
	corev1.LabelWindowsBuild, "karpenter.sh/capacity-type",
}

// GroupOf reads an object, as JSON values. It returns false for a kind that starts no nodes.
func GroupOf(raw map[string]any) (Group, bool, error) {
	o := unstructured.Unstructured{Object: raw}
	g := Group{kind: o.GetKind(), namespace: o.GetNamespace(), name: o.GetName()}
	var err error
	switch group := o.GroupVersionKind().Group; {
	case g.kind == nodePool && group == "karpenter.sh":
		err = g.readNodePool(raw)
	case g.kind == machineDeployment && group == "cluster.x-k8s.io":
		err = g.readMachineDeployment(&o)
	default:
		return Group{}, false, nil
	}
	g.Object = strings.ToLower(g.kind) + "." + o.GroupVersionKind().Group + "/" + g.name
	if err != nil {
		err = fmt.Errorf("%s: %w", g.Object, err)
	}
	return g, true, err
}

func (g *Group) readNodePool(raw map[string]any) error {
	var read struct {
		Spec struct {
			Template struct {
				Metadata struct {
					Labels map[string]string `json:"labels"`
				} `json:"metadata"`
				Spec struct {
					Taints       []corev1.Taint                   `json:"taints"`
					Requirements []corev1.NodeSelectorRequirement `json:"requirements"`
				} `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
	}
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &read)
	g.Labels = map[string]string{"karpenter.sh/nodepool": g.name}
	maps.Copy(g.Labels, read.Spec.Template.Metadata.Labels)
	g.Taints, g.Requirements, g.free = read.Spec.Template.Spec.Taints, read.Spec.Template.Spec.Requirements, chosen
	return err
}

// readMachineDeployment reads what a MachineDeployment tells a cluster-autoscaler of nodes that are not there yet.
func (g *Group) readMachineDeployment(o *unstructured.Unstructured) error {
	g.Labels = map[string]string{}
	for label := range strings.SplitSeq(o.GetAnnotations()[labelsAnnotation], ",") {
		if key, value, ok := strings.Cut(strings.TrimSpace(label), "="); ok {
			g.Labels[key] = value
		}
	}
	for taint := range strings.SplitSeq(o.GetAnnotations()[taintsAnnotation], ",") {
		if taint = strings.TrimSpace(taint); taint == "" {
			continue
		}
		what, effect, ok := strings.Cut(taint, ":")
		if !ok {
			return fmt.Errorf("annotation %s: %q is no taint; write it as KEY=VALUE:EFFECT", taintsAnnotation, taint)
		}
		key, value, _ := strings.Cut(what, "=")
		g.Taints = append(g.Taints, corev1.Taint{Key: key, Value: value, Effect: corev1.TaintEffect(effect)})
	}
	return nil
}
