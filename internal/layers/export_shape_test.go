package layers_test

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/layers"
)

// taint and toleration are as the definitions of both projects have them.
type taint struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Effect string `json:"effect"`
}

type toleration struct {
	Key      string `json:"key"`
	Operator string `json:"operator"`
	Value    string `json:"value"`
	Effect   string `json:"effect"`
}

// exported are the fields of karpenter.sh/v1 NodePools and kueue.x-k8s.io/v1beta2 ResourceFlavors that an export may have.
type exported struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		NodeLabels  map[string]string `json:"nodeLabels"`
		NodeTaints  []taint           `json:"nodeTaints"`
		Tolerations []toleration      `json:"tolerations"`
		Template    struct {
			Metadata struct {
				Labels map[string]string `json:"labels"`
			} `json:"metadata"`
			Spec struct {
				NodeClassRef struct {
					Group string `json:"group"`
					Kind  string `json:"kind"`
					Name  string `json:"name"`
				} `json:"nodeClassRef"`
				Requirements []struct {
					Key      string   `json:"key"`
					Operator string   `json:"operator"`
					Values   []string `json:"values"`
				} `json:"requirements"`
				Taints []taint `json:"taints"`
			} `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

// TestExportsHaveTheirShape: what is exported has no other fields than the projects' definitions, what they require, and
// nothing that their rules forbid.
func TestExportsHaveTheirShape(t *testing.T) {
	files := []v1alpha1.File{{Policy: v1alpha1.Default()}, {Policy: gpus(t)}}
	karpenter, err := layers.Karpenter(files, layers.NodeClass{Group: "g", Kind: "K", Name: "n"})
	if err != nil {
		t.Fatal(err)
	}
	kueue, err := layers.Kueue(files)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for doc := range strings.SplitSeq(karpenter+"---\n"+kueue, "---\n") {
		var o exported
		if err := yaml.UnmarshalStrict([]byte(doc), &o); err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		if name := o.Kind + "/" + o.Metadata.Name; names[name] || len(validation.IsDNS1123Subdomain(o.Metadata.Name)) > 0 {
			t.Errorf("the name %s is used twice, or is none", name)
		}
		names[o.Kind+"/"+o.Metadata.Name] = true
		if o.Kind == "NodePool" {
			isNodePool(t, o)
		} else {
			isFlavor(t, o)
		}
	}
	if len(names) != 12 {
		t.Errorf("%d objects", len(names))
	}
}

func isNodePool(t *testing.T, o exported) {
	t.Helper()
	spec := o.Spec.Template.Spec
	if o.APIVersion != "karpenter.sh/v1" || spec.NodeClassRef.Group == "" || spec.NodeClassRef.Kind == "" || spec.NodeClassRef.Name == "" || spec.Requirements == nil {
		t.Errorf("%+v lacks what a NodePool must have", o)
	}
	for key := range o.Spec.Template.Metadata.Labels {
		if strings.HasPrefix(key, "karpenter.sh/") || key == "kubernetes.io/hostname" {
			t.Errorf("NodePool %s: Karpenter lets nobody set label %s", o.Metadata.Name, key)
		}
	}
	for _, r := range spec.Requirements {
		if r.Operator != "In" || len(r.Values) == 0 || r.Key == "karpenter.sh/nodepool" {
			t.Errorf("NodePool %s: requirement %+v", o.Metadata.Name, r)
		}
	}
	haveEffects(t, spec.Taints)
}

func isFlavor(t *testing.T, o exported) {
	t.Helper()
	if o.APIVersion != "kueue.x-k8s.io/v1beta2" || o.Kind != "ResourceFlavor" || len(o.Spec.NodeLabels) != 1 || len(o.Spec.NodeTaints) > 8 {
		t.Errorf("%+v is no ResourceFlavor", o)
	}
	haveEffects(t, o.Spec.NodeTaints)
	for i, toleration := range o.Spec.Tolerations {
		tolerated := o.Spec.NodeTaints[i]
		if toleration.Operator != "Equal" || toleration.Key != tolerated.Key || toleration.Value != tolerated.Value || toleration.Effect != tolerated.Effect {
			t.Errorf("ResourceFlavor %s: %+v does not tolerate %+v", o.Metadata.Name, toleration, tolerated)
		}
	}
}

func haveEffects(t *testing.T, taints []taint) {
	t.Helper()
	for _, taint := range taints {
		if taint.Key == "" || !slices.Contains([]string{"NoSchedule", "PreferNoSchedule", "NoExecute"}, taint.Effect) {
			t.Errorf("taint %+v", taint)
		}
	}
}
