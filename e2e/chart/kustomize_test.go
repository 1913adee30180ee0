package chart_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// TestKustomizeBuildsInstallYAML: kustomize makes the same objects of manifests/, in the same order, whichever it prefers.
func TestKustomizeBuildsInstallYAML(t *testing.T) {
	want, err := cluster.Decode(text(t, "manifests/install.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, order := range []krusty.ReorderOption{krusty.ReorderOptionUnspecified, krusty.ReorderOptionLegacy} {
		options := krusty.MakeDefaultOptions()
		options.Reorder = order
		built, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), filepath.Join(root, "manifests"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := built.AsYaml()
		if err != nil {
			t.Fatal(err)
		}
		got, err := cluster.Decode(string(text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("order %q: (-install.yaml +kustomize build):\n%s", order, diff)
		}
	}
}
