package chart_test

import (
	"bytes"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/jsonpath"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// objects are what a release renders, by kind and name: "Deployment polymoat".
type objects map[string]*unstructured.Unstructured

// render renders the release polymoat in polymoat-system.
func render(t *testing.T, args ...string) objects {
	t.Helper()
	text, err := helm.Render(t.Context(), "polymoat", "polymoat-system", args...)
	if err != nil {
		t.Fatal(err)
	}
	list, err := cluster.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	all := objects{}
	for _, object := range list {
		all[object.GetKind()+" "+object.GetName()] = object
	}
	return all
}

// at is what lies at a path of an object, as text: "{.spec.replicas}". Empty where there is nothing.
func (o objects) at(t *testing.T, object, path string) string {
	t.Helper()
	if o[object] == nil {
		t.Fatalf("no %s is rendered", object)
	}
	parsed, text := jsonpath.New(path).AllowMissingKeys(true), bytes.Buffer{}
	if err := parsed.Parse(path); err != nil {
		t.Fatal(err)
	}
	if err := parsed.Execute(&text, o[object].Object); err != nil {
		t.Fatal(err)
	}
	return text.String()
}
