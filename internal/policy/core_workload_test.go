package policy

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// TestCoreWorkload: a workload is core by its own template, wherever its name and selector point.
func TestCoreWorkload(t *testing.T) {
	p, err := New(v1alpha1.Default())
	if err != nil {
		t.Fatal(err)
	}
	core := map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}
	selects := func(values map[string]string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: values}
	}
	for name, tc := range map[string]struct {
		workload     LiveWorkload
		want         bool
		wantSelector string
	}{
		"a template of core's": {LiveWorkload{Selector: selects(map[string]string{"app": "api"}), Template: templateOf(core)}, true, "app=api"},
		"a template of a run's": {LiveWorkload{Selector: selects(core), Template: templateOf(map[string]string{
			"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": "polyaxon-jobs",
		})}, false, ""},
		"no template":           {LiveWorkload{Selector: selects(core)}, false, ""},
		"another namespace":     {LiveWorkload{Namespace: "elsewhere", Template: templateOf(core)}, false, ""},
		"no selector":           {LiveWorkload{Template: templateOf(core)}, true, labels.Nothing().String()},
		"a selector of no sort": {LiveWorkload{Selector: selects(map[string]string{"app": "a b"}), Template: templateOf(core)}, true, labels.Nothing().String()},
		"a Helm hook, known by its Job": {LiveWorkload{
			Kind: schema.GroupKind{Group: "batch", Kind: "Job"}, Name: "polyaxon-sync-db",
			Selector: selects(map[string]string{"job": "a"}), Template: templateOf(map[string]string{"app.kubernetes.io/name": "polyaxon-polyaxon-sync-db"}),
		}, true, "job=a"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.workload.Namespace == "" {
				tc.workload.Namespace = "polyaxon"
			}
			got, ok := p.CoreWorkload(tc.workload)
			if ok != tc.want {
				t.Fatalf("got %v, want %v", ok, tc.want)
			}
			if ok && (got.Selector.String() != tc.wantSelector || got.ServiceAccount != "someone") {
				t.Errorf("got selector %q and account %q, want selector %q", got.Selector, got.ServiceAccount, tc.wantSelector)
			}
		})
	}
}

func templateOf(values map[string]string) *corev1.PodTemplateSpec {
	return &corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: values}, Spec: corev1.PodSpec{ServiceAccountName: "someone"}}
}
