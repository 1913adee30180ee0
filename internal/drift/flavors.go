package drift

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Flavor is a ResourceFlavor of Kueue: what a queue gives to the runs that it lets start.
type Flavor struct {
	Name        string
	Labels      map[string]string
	Tolerations []corev1.Toleration
}

// FlavorOf reads an object, as JSON values.
func FlavorOf(raw map[string]any) (Flavor, error) {
	var read struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec struct {
			NodeLabels  map[string]string   `json:"nodeLabels"`
			Tolerations []corev1.Toleration `json:"tolerations"`
		} `json:"spec"`
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &read); err != nil {
		return Flavor{}, fmt.Errorf("resourceflavor.kueue.x-k8s.io/%s: %w", read.Metadata.Name, err)
	}
	return Flavor{read.Metadata.Name, read.Spec.NodeLabels, read.Spec.Tolerations}, nil
}

// flavors finds those that send runs where the policy does not, or where they cannot go.
func (f *Facts) flavors(pools []v1alpha1.NodePool) []Drift {
	const export = "kubectl polymoat export kueue | kubectl apply -f -"
	var found []Drift
	for _, flavor := range f.Flavors {
		object := "resourceflavor.kueue.x-k8s.io/" + flavor.Name
		for _, p := range pools {
			if !has(flavor.Labels, p) {
				continue
			}
			if p.Protected {
				found = append(found, Drift{Queues, object, fmt.Sprintf("sends runs to protected node pool %q, and polymoat refuses them", p.Name), "kubectl delete " + object})
				continue
			}
			if missing := untolerated(p.Taints, flavor.Tolerations); len(missing) > 0 {
				found = append(found, Drift{Queues, object, fmt.Sprintf("has no toleration for the taint %s of node pool %q", words(missing), p.Name), export})
			}
		}
	}
	return found
}
