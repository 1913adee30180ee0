package polyaxon_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/polyaxon"
)

func TestOwnersOf(t *testing.T) {
	modern := func(component, instance string) labels {
		return labels{
			"app.kubernetes.io/part-of": "polyaxon-runs", "app.kubernetes.io/component": component, "app.kubernetes.io/instance": instance,
		}
	}
	for name, tc := range map[string]struct {
		labels                  labels
		apiVersion, kind, owner string
		want                    []string
	}{
		"a job":                 {labels: modern("polyaxon-jobs", "4f1c"), want: []string{"operations.core.polyaxon.com/plx-operation-4f1c", "jobs.polyaxon.com/plx-operation-4f1c"}},
		"a service":             {labels: modern("polyaxon-services", "4f1c"), want: []string{"operations.core.polyaxon.com/plx-operation-4f1c", "services.polyaxon.com/plx-operation-4f1c"}},
		"a cleaner":             {labels: modern("polyaxon-cleaners", "4f1c"), want: []string{"operations.core.polyaxon.com/plx-cleaner-4f1c", "jobs.polyaxon.com/plx-cleaner-4f1c"}},
		"a replica":             {labels: modern("polyaxon-tfjobs", "4f1c"), want: []string{"operations.core.polyaxon.com/plx-operation-4f1c", "kfjobs.polyaxon.com/plx-operation-4f1c", "clusters.polyaxon.com/plx-operation-4f1c"}},
		"a job of 1.1":          {labels: modern("polyaxon-jobs", "jane.quick-start.runs.4f1c"), want: []string{"operations.core.polyaxon.com/plx-operation-4f1c", "jobs.polyaxon.com/plx-operation-4f1c"}},
		"a classic job":         {labels: labels{"type": "polyaxon-runner", "app": "polyaxon-job", "app.kubernetes.io/instance": "4f1c"}},
		"no uuid":               {labels: modern("polyaxon-jobs", "")},
		"a part of core":        {labels: labels{"app.kubernetes.io/part-of": "polyaxon-core", "app.kubernetes.io/instance": "polyaxon-1.2.0"}},
		"no name of a resource": {labels: modern("polyaxon-jobs", "../../secrets")},
		"an owner that is a step on the way": {
			labels: modern("polyaxon-jobs", "4f1c"), apiVersion: "batch/v1", kind: "Job", owner: "plx-operation-4f1c",
			want: []string{"operations.core.polyaxon.com/plx-operation-4f1c", "jobs.polyaxon.com/plx-operation-4f1c"},
		},
		"the owner itself": {
			labels: modern("polyaxon-ray-clusters", "4f1c"), apiVersion: "polyaxon.com/v1", kind: "Cluster", owner: "mine",
			want: []string{"clusters.polyaxon.com/mine"},
		},
		"the owner of another version": {
			apiVersion: "core.polyaxon.com/v2", kind: "Operation", owner: "mine", want: []string{"operations.core.polyaxon.com/mine"},
		},
		"an owner of that kind and another group": {apiVersion: "example.com/v1", kind: "Operation", owner: "mine"},
		"an owner with no name of a resource":     {apiVersion: "polyaxon.com/v1", kind: "Job", owner: "a/b"},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: tc.labels}}
			if tc.kind != "" {
				pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: tc.apiVersion, Kind: tc.kind, Name: tc.owner}}
			}
			var got []string
			for _, ref := range polyaxon.OwnersOf(pod) {
				got = append(got, ref.String())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestResourcesAreNamedOnce: what a manifest's kind and what a cluster's resource are called belong together.
func TestResourcesAreNamedOnce(t *testing.T) {
	for _, r := range polyaxon.Resources {
		ref, ok := polyaxon.ReferenceTo(r.GroupVersion().String(), r.Kind, "a")
		if !ok || ref.Resource != r.GroupVersionResource || !strings.HasPrefix(r.Resource, strings.ToLower(r.Kind)) {
			t.Errorf("%s %s is %v", r.GroupVersion(), r.Kind, ref)
		}
	}
}
