package twin_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/corpus"
)

// install creates the twin of a policy of the corpus, for one test, and what the pods of its cases name: the API server
// looks for that first.
func install(t *testing.T, name string, cases []corpus.Case) {
	t.Helper()
	doc := document(t, name)
	admin, err := client.New(control.As(cluster.Admin), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e2e.RemoveTwin(context.WithoutCancel(t.Context()), admin, doc); err != nil {
			t.Error(err)
		}
	})
	for _, tc := range cases {
		for _, o := range named(t, tc) {
			if err := client.IgnoreAlreadyExists(admin.Create(t.Context(), o)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := e2e.CreateTwin(control, doc); err != nil {
		t.Fatal(err)
	}
	awaitProbe(t, admin, name)
}

// named are the service account, the PriorityClass and the RuntimeClass of a pod.
func named(t *testing.T, tc corpus.Case) []client.Object {
	t.Helper()
	r, err := tc.Request()
	if err != nil {
		t.Fatal(err)
	}
	var objects []client.Object
	if name := r.Pod.Spec.ServiceAccountName; name != "" && r.Namespace == cluster.Namespace {
		objects = append(objects, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: r.Namespace}})
	}
	if name := r.Pod.Spec.PriorityClassName; name != "" && !strings.HasPrefix(name, "system-") {
		objects = append(objects, &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	if name := r.Pod.Spec.RuntimeClassName; name != nil {
		objects = append(objects, &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: *name}, Handler: "runc"})
	}
	return objects
}

// awaitProbe waits until the API server knows what was created and removed before, and nothing older: it takes policies
// in as they come, and those of a probe come last. A probe refuses one ConfigMap, and changes another.
func awaitProbe(t *testing.T, admin client.Client, name string) {
	t.Helper()
	if err := control.Create(probe(t, name)...); err != nil {
		t.Fatal(err)
	}
	err := control.Await("the twin of "+name, func(ctx context.Context) error {
		refused := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "refused-" + name, Namespace: cluster.Namespace}}
		if err := admin.Create(ctx, refused, client.DryRunAll); err == nil || !strings.Contains(err.Error(), "probe: refused") {
			return fmt.Errorf("the probe does not refuse: %w", err)
		}
		changed := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "changed-" + name, Namespace: cluster.Namespace}}
		if err := admin.Create(ctx, changed, client.DryRunAll); err != nil || changed.Data["probe"] != name {
			return fmt.Errorf("the probe does not change %v: %w", changed.Data, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// probe is a policy of each sort that has the name of a twin in it.
func probe(t *testing.T, name string) []*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile("testdata/probe.yaml")
	if err != nil {
		t.Fatal(err)
	}
	objects, err := cluster.Decode(strings.ReplaceAll(string(text), "NAME", name))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// document is a policy of the corpus.
func document(t *testing.T, name string) *v1alpha1.PlacementPolicy {
	t.Helper()
	if name == corpus.DefaultPolicy {
		return v1alpha1.Default()
	}
	file := filepath.Join("..", "..", "internal", "corpus", "testdata", "policies", name+".yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := v1alpha1.Load(file, text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
