package layers

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// karpenterDomain is that of labels which Karpenter gives itself; karpenterPool is one of them, with the name of the NodePool.
const (
	karpenterDomain = "karpenter.sh/"
	karpenterPool   = "karpenter.sh/nodepool"
)

// NodeClass says how Karpenter makes nodes: karpenter.k8s.aws, EC2NodeClass, default.
type NodeClass struct {
	Group string `json:"group"`
	Kind  string `json:"kind"`
	Name  string `json:"name"`
}

// ParseNodeClass reads "karpenter.k8s.aws/EC2NodeClass/default".
func ParseNodeClass(text string) (NodeClass, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return NodeClass{}, fmt.Errorf("%q is no node class; write it as GROUP/KIND/NAME, such as karpenter.k8s.aws/EC2NodeClass/default", text)
	}
	return NodeClass{parts[0], parts[1], parts[2]}, nil
}

// object is the head of an object of the cluster.
type object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   named  `json:"metadata"`
	Spec       any    `json:"spec"`
}

type named struct {
	Name string `json:"name"`
}

// nodePool is the spec of one of Karpenter's, as far as a policy says it.
type nodePool struct {
	Template struct {
		Metadata struct {
			Labels map[string]string `json:"labels,omitempty"`
		} `json:"metadata,omitzero"`
		Spec struct {
			NodeClassRef NodeClass                        `json:"nodeClassRef"`
			Requirements []corev1.NodeSelectorRequirement `json:"requirements"`
			Taints       []corev1.Taint                   `json:"taints,omitempty"`
		} `json:"spec"`
	} `json:"template"`
}

// Karpenter is a NodePool for each node pool of the policies, as YAML documents: its nodes have the label and the taints.
func Karpenter(files []v1alpha1.File, class NodeClass) (string, error) {
	docs := documents{seen: map[string]int{}}
	for _, pool := range Pools(files) {
		var spec nodePool
		spec.Template.Spec.NodeClassRef, spec.Template.Spec.Taints = class, pool.Taints
		spec.Template.Spec.Requirements = []corev1.NodeSelectorRequirement{{Key: corev1.LabelOSStable, Operator: corev1.NodeSelectorOpIn, Values: []string{"linux"}}}
		o := object{"karpenter.sh/v1", "NodePool", named{docs.name(pool)}, &spec}
		comment := fmt.Sprintf("# Node pool %q%s. Its requirements say which machines: complete them.\n", pool.Name, forWhat(pool))
		switch {
		case pool.NodeLabel.Key == karpenterPool:
			o.Metadata.Name = pool.NodeLabel.Value // Karpenter's own label
		case strings.HasPrefix(pool.NodeLabel.Key, karpenterDomain):
			comment += fmt.Sprintf("# Karpenter writes the label %s itself: its requirements choose the value.\n", pool.NodeLabel.Key)
			requirement := corev1.NodeSelectorRequirement{Key: pool.NodeLabel.Key, Operator: corev1.NodeSelectorOpIn, Values: []string{pool.NodeLabel.Value}}
			spec.Template.Spec.Requirements = append(spec.Template.Spec.Requirements, requirement)
		default:
			spec.Template.Metadata.Labels = map[string]string{pool.NodeLabel.Key: pool.NodeLabel.Value}
		}
		if err := docs.add(comment, o); err != nil {
			return "", err
		}
	}
	return docs.String(), nil
}

// forWhat says what a node pool is for.
func forWhat(pool v1alpha1.NodePool) string {
	switch {
	case pool.Protected:
		return ", which is protected"
	case len(pool.Resources) > 0:
		return ", for " + strings.Join(pool.Resources, ", ")
	}
	return ""
}

// flavor is the spec of a ResourceFlavor of Kueue.
type flavor struct {
	NodeLabels  map[string]string   `json:"nodeLabels"`
	NodeTaints  []corev1.Taint      `json:"nodeTaints,omitempty"`
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
}

// Kueue is a ResourceFlavor for each node pool of the policies that runs may use, as YAML documents. A protected one is
// left out: a queue would hand it to runs, which polymoat refuses.
func Kueue(files []v1alpha1.File) (string, error) {
	docs := documents{seen: map[string]int{}}
	left := ""
	for _, pool := range Pools(files) {
		if pool.Protected {
			left += fmt.Sprintf("# Node pool %q is protected: no queue may hand it to runs.\n", pool.Name)
			continue
		}
		spec := flavor{map[string]string{pool.NodeLabel.Key: pool.NodeLabel.Value}, pool.Taints, tolerating(pool.Taints)}
		comment := left + fmt.Sprintf("# Node pool %q%s. Older versions of Kueue know this kind as kueue.x-k8s.io/v1beta1.\n", pool.Name, forWhat(pool))
		left = ""
		if err := docs.add(comment, object{"kueue.x-k8s.io/v1beta2", "ResourceFlavor", named{docs.name(pool)}, spec}); err != nil {
			return "", err
		}
	}
	return docs.String() + left, nil
}

// documents are YAML documents of objects whose names differ.
type documents struct {
	texts []string
	seen  map[string]int
}

// name is that of the pool, with a number where pools of two policies have one name.
func (d *documents) name(pool v1alpha1.NodePool) string {
	d.seen[pool.Name]++
	if n := d.seen[pool.Name]; n > 1 {
		return fmt.Sprintf("%s-%d", pool.Name, n)
	}
	return pool.Name
}

func (d *documents) add(comment string, o object) error {
	text, err := yaml.Marshal(o)
	d.texts = append(d.texts, comment+string(text))
	return err
}

func (d *documents) String() string { return strings.Join(d.texts, "---\n") }
