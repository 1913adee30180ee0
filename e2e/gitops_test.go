package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/e2e/chart"
	"github.com/polymoat/polymoat/e2e/cluster"
)

// TestGitOps: the API server takes each object of the chart with the values of the page's examples for Argo CD and Flux.
func TestGitOps(t *testing.T) {
	examples, err := chart.GitOps("..")
	if err != nil {
		t.Fatal(err)
	}
	admin, tried := as(t, cluster.Admin), 0
	for _, example := range examples {
		var of map[string]any
		if err := yaml.Unmarshal([]byte(example), &of); err != nil {
			t.Fatal(err)
		}
		values, ok, err := unstructured.NestedMap(of, "spec", "values")
		if !ok {
			values, ok, err = unstructured.NestedMap(of, "spec", "source", "helm", "valuesObject")
		}
		if !ok || err != nil {
			continue // it has none
		}
		for _, o := range renderedWith(t, values) {
			tried++
			if err := admin.Create(t.Context(), o, client.DryRunAll); err != nil && !apierrors.IsAlreadyExists(err) {
				t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
			}
		}
	}
	if tried < 30 {
		t.Errorf("%d objects were tried", tried)
	}
}

// renderedWith is the chart with values, under a name that is not in use.
func renderedWith(t *testing.T, values map[string]any) []*unstructured.Unstructured {
	t.Helper()
	text, err := yaml.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	rendered, err := helm.Render(t.Context(), "gitops", cluster.System, "--values="+file)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := cluster.Decode(rendered)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}
