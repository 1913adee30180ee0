package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// The tests of internal/manifest hold which pods each kind has; here is what only the webhook asks.
func TestPodsOfAdmission(t *testing.T) {
	for name, tc := range map[string]struct {
		object string
		want   []string
	}{
		"a label of the template": {
			"{apiVersion: apps/v1, kind: Deployment, spec: {template: {metadata: {labels: {type: a}}, spec: {containers: []}}}}",
			[]string{"spec.template, labels at spec.template.metadata.labels"},
		},
		"a label of the object that reaches its pods": {
			"{apiVersion: core.polyaxon.com/v1, kind: Operation, metadata: {labels: {type: a}}, batchJobSpec: {template: {spec: {containers: []}}}}",
			[]string{"batchJobSpec.template, labels at metadata.labels"},
		},
		"a label that is pruned from the template": {
			"{apiVersion: polyaxon.com/v1, kind: KfJob, metadata: {labels: {type: a}}, spec: {template: {metadata: {labels: {type: a}}, spec: {containers: []}}}}",
			[]string{"spec.template, labels at metadata.labels"},
		},
		"a revision of a StatefulSet": {
			"{apiVersion: apps/v1, kind: ControllerRevision, data: {spec: {template: {$patch: replace, metadata: {labels: {type: a}}, spec: {containers: []}}}}}",
			[]string{"data.spec.template, labels at data.spec.template.metadata.labels"},
		},
		"a revision that only adds a label": {
			"{apiVersion: apps/v1, kind: ControllerRevision, data: {spec: {template: {metadata: {labels: {type: a}}}}}}",
			[]string{`data.spec.template, labels at data.spec.template.metadata.labels, lacks "$patch": "replace" in spec.template`},
		},
		"a template behind another that hides it": {
			"{apiVersion: core.polyaxon.com/v1, kind: Operation, spec: {containers: []}, batchJobSpec: {template: {metadata: {labels: {type: a}}, spec: {containers: []}}}}",
			[]string{", labels at metadata.labels", "batchJobSpec.template, labels at batchJobSpec.template.metadata.labels"},
		},
		"metadata of another case, in a custom resource": {
			"{apiVersion: example.com/v1, kind: Wave, spec: {template: {Metadata: {labels: {type: a}}, spec: {containers: []}}}}",
			[]string{`spec.template, labels at metadata.labels, is another pod for readers who take "Spec" for "spec"`},
		},
		"a spec with a long s, in a custom resource": {
			"{apiVersion: example.com/v1, kind: Wave, template: {ſpec: {containers: [{name: a}]}}}",
			[]string{`template, labels at metadata.labels, is another pod for readers who take "Spec" for "spec"`},
		},
		"a Kelvin sign, in a custom resource": {
			"{apiVersion: example.com/v1, kind: Wave, template: {spec: {containers: [], hostNetworK: true}}}",
			[]string{`template, labels at metadata.labels, is another pod for readers who take "Spec" for "spec"`},
		},
		"labels of any case, in a custom resource": {
			"{apiVersion: example.com/v1, kind: Wave, template: {metadata: {labels: {Type: a, type: b}}, spec: {containers: [{env: [{name: A, value: a}]}], more: 1}}}",
			[]string{"template, labels at template.metadata.labels"},
		},
		"a revision of something else": {
			"{apiVersion: apps/v1, kind: ControllerRevision, data: {spec: 5}}",
			[]string{"data.spec.template, labels at metadata.labels, holds no pod template"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var raw map[string]any
			if err := yaml.Unmarshal([]byte(tc.object), &raw); err != nil {
				t.Fatal(err)
			}
			var got []string
			pods, err := Of(raw)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range pods {
				got = append(got, strings.TrimSuffix(fmt.Sprintf("%s, labels at %s, %s", p.Path(), Path(p.LabelsAt("type")), p.Inexact), ", "))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestTooManyPods: an object that would cost too much is named, and costs little.
func TestTooManyPods(t *testing.T) {
	pod := map[string]any{"spec": map[string]any{"containers": []any{}}}
	for count, want := range map[int]string{128: "", 129: "has more than 128 pod templates", 100_000: "has more than 128 pod templates"} {
		list := make([]any, count)
		for i := range list {
			list[i] = pod
		}
		pods, err := Of(map[string]any{"a": list})
		if err == nil && (want != "" || len(pods) != count) || err != nil && err.Error() != want {
			t.Errorf("%d templates: got %d pods, error %v", count, len(pods), err)
		}
	}
}

// TestTooLongARevision: data that would be read several times is bounded.
func TestTooLongARevision(t *testing.T) {
	for length, want := range map[int]string{500 << 10: "", 513 << 10: "has data of more than 512 KiB"} {
		data := map[string]any{"a": strings.Repeat("a", length)}
		_, err := Of(map[string]any{"apiVersion": "apps/v1", "kind": "ControllerRevision", "data": data})
		if err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("%d bytes: got error %v, want %q", length, err, want)
		}
	}
}

// Whoever owns a pod as its controller says who created it, where that is one of the built-in controllers.
func TestCreatorFor(t *testing.T) {
	for _, tc := range []struct{ apiVersion, kind, want string }{
		{"apps/v1", "ReplicaSet", "system:serviceaccount:kube-system:replicaset-controller"},
		{"batch/v1", "Job", "system:serviceaccount:kube-system:job-controller"},
		{"v1", "ReplicationController", "system:serviceaccount:kube-system:replication-controller"},
		{"kubeflow.org/v1", "TFJob", ""},
		{"example.com/v1", "Job", ""},
	} {
		if got := CreatorFor(tc.apiVersion, tc.kind); got != tc.want {
			t.Errorf("%s %s: creator %q, want %q", tc.apiVersion, tc.kind, got, tc.want)
		}
	}
}

// TestTemplatesAreBoundedInAll: those inside one another, and what each inherits, count as often as they would be read.
func TestTemplatesAreBoundedInAll(t *testing.T) {
	const want = "has pod templates of more than 4 MiB together, with what they inherit and what stands inside one another"
	nested := func(levels int) map[string]any {
		value := map[string]any{"text": strings.Repeat("a", 60_000)}
		for range levels {
			value = map[string]any{"inner": value, "spec": map[string]any{"containers": []any{}}}
		}
		return map[string]any{"kind": "Wave", "spec": value}
	}
	beside := func(kind string) map[string]any {
		templates := make([]any, 100)
		for i := range templates {
			templates[i] = map[string]any{"spec": map[string]any{"containers": []any{}}}
		}
		return map[string]any{
			"apiVersion": kind, "kind": "Wave", "list": templates,
			"metadata": map[string]any{"annotations": map[string]any{"a": strings.Repeat("a", 60_000)}},
		}
	}
	for name, tc := range map[string]struct {
		object map[string]any
		want   string
	}{
		"some inside one another":           {nested(4), ""},
		"many inside one another":           {nested(120), want},
		"many that inherit much":            {beside("core.polyaxon.com/v1"), want},
		"many beside what they do not take": {beside("v1"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Of(tc.object)
			if (err != nil) != (tc.want != "") || err != nil && err.Error() != tc.want {
				t.Error(err)
			}
		})
	}
}
