package chart_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// TestDefaultPolicy: the chart installs the built-in policy, and what it installs loads.
func TestDefaultPolicy(t *testing.T) {
	all := render(t)
	name := all.at(t, deployment, pod+".volumes[?(@.name=='policy')].configMap.name}")
	got, err := v1alpha1.Load("polyaxon.yaml", []byte(all.at(t, "ConfigMap "+name, `{.data.polyaxon\.yaml}`)))
	if err != nil {
		t.Fatal(err)
	}
	want := v1alpha1.Default()
	want.Hash, got.Hash = "", "" // of two texts
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the chart's policy (-built-in +chart):\n%s", diff)
	}
}

// TestAnotherPolicyIsAnotherConfigMap: that rolls the pods, and leaves those that were there alone.
func TestAnotherPolicyIsAnotherConfigMap(t *testing.T) {
	names := map[string]bool{}
	for _, policies := range []string{
		small("a", "one", "release: b"), small("a", "one", "release: c"), small("b", "one", "release: b"),
		small("a", "one", "release: b") + ", " + small("b", "two", "release: b"),
	} {
		all := render(t, writeValues(t, "policies: ["+policies+"]"))
		name := all.at(t, deployment, pod+".volumes[?(@.name=='policy')].configMap.name}")
		if all.at(t, "ConfigMap "+name, "{.immutable}") != "true" || names[name] {
			t.Errorf("ConfigMap %s", name)
		}
		names[name] = true
	}
}

// TestPoliciesOfTheCorpus: the schema refuses nothing that the server takes, and the templates change nothing.
func TestPoliciesOfTheCorpus(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "internal", "corpus", "testdata", "policies", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d policies: %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := v1alpha1.Load(file, text)
		if err != nil {
			t.Fatal(err)
		}
		document, err := yaml.YAMLToJSON(text)
		if err != nil {
			t.Fatal(err)
		}
		all := render(t, writeValues(t, "policies: ["+string(document)+"]"))
		name := all.at(t, deployment, pod+".volumes[?(@.name=='policy')].configMap.name}")
		got, err := v1alpha1.Load(file, []byte(all.at(t, "ConfigMap "+name, fmt.Sprintf(`{.data.%s\.yaml}`, want.Metadata.Name))))
		if err != nil {
			t.Fatal(err)
		}
		want.Hash, got.Hash, want.Doubts, got.Doubts = "", "", nil, nil // of two texts, and their lines
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// TestNumbersSurvive: uids of OpenShift have ten digits, which helm knows as floating-point numbers.
func TestNumbersSurvive(t *testing.T) {
	all := render(t, writeValues(t, "policies: ["+small("a", "one", "defaults: {podSecurityContext: {runAsUser: 1000660000}}")+"]"))
	name := all.at(t, deployment, pod+".volumes[?(@.name=='policy')].configMap.name}")
	p, err := v1alpha1.Load("a.yaml", []byte(all.at(t, "ConfigMap "+name, `{.data.a\.yaml}`)))
	if err != nil {
		t.Fatal(err)
	}
	if got := *p.Spec.Defaults.PodSecurityContext.RunAsUser; got != 1000660000 {
		t.Errorf("the uid is %d", got)
	}
}
