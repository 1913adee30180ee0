package e2e

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// Resource is one of Polyaxon's own, from which its operator makes what makes pods.
type Resource struct {
	Name, About string
	Object      *unstructured.Unstructured
}

// Early are the resources of testdata/early, sorted by name: whoever creates one is answered before it has pods.
func Early() ([]Resource, error) {
	documents, err := readDocuments("early")
	var resources []Resource
	for _, d := range documents {
		resources = append(resources, Resource{Name: d.name, About: d.prose, Object: d.object})
	}
	return resources, err
}
