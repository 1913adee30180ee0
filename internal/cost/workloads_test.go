package cost

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/template"
)

// value is an object as JSON values.
type value = map[string]any

// objects are workloads, revisions and Polyaxon's resources around the template of a pod.
var objects = map[string]func(pod value) value{
	"a Deployment": func(pod value) value {
		return value{"apiVersion": "apps/v1", "kind": "Deployment", "spec": value{"template": pod}}
	},
	"a ControllerRevision": func(pod value) value {
		return value{"apiVersion": "apps/v1", "kind": "ControllerRevision", "data": value{"spec": value{"template": pod}}}
	},
	"an Operation": func(pod value) value {
		return value{"apiVersion": "core.polyaxon.com/v1", "kind": "Operation", "metadata": pod["metadata"], "batchJobSpec": value{"template": pod}}
	},
	"an Operation of templates inside one another": func(pod value) value {
		inner := pod
		for range 120 {
			inner = value{"spec": value{"containers": []any{}}, "template": inner}
		}
		return value{"apiVersion": "core.polyaxon.com/v1", "kind": "Operation", "batchJobSpec": inner}
	},
	"an Operation of many templates": func(pod value) value {
		list := []any{pod}
		for range 120 {
			list = append(list, value{"spec": value{"containers": []any{}}})
		}
		return value{"apiVersion": "core.polyaxon.com/v1", "kind": "Operation", "metadata": pod["metadata"], "list": list}
	},
}

// around are the attacks that are tried in every object: the decision on its templates is that on a pod.
var around = []string{"namespaces of one term", "containers that run as root", "labels that are no overrides"}

// TestWorkloadsAreBounded: what is in the object around a template makes its decision no dearer.
func TestWorkloadsAreBounded(t *testing.T) {
	defer withinBudget(t)()
	p := overrides(t)
	for name, object := range objects {
		for _, a := range attacks {
			if !slices.Contains(around, a.name) {
				continue
			}
			bytes := largest
			if name == "a ControllerRevision" {
				bytes /= 4 // larger ones are not read
			}
			t.Run(name+", "+a.name, func(t *testing.T) {
				is, was := job(), job()
				a.make(is, "n", bytes)
				a.make(was, "o", bytes)
				before, after := object(raw(t, was)), object(raw(t, is))
				found := best(func() int {
					_, _ = template.Of(before)
					_, _ = template.Of(after)
					return 0
				}, mostTime/4)
				if problem := found.problem(bill{}); problem != "" {
					t.Errorf("finding its templates %s", problem)
				}
				w := created(t, before, after)
				decided := best(func() int { return p.ValidateWorkload(w).Steps }, mostTime/2)
				if problem := decided.problem(bill{}); problem != "" {
					t.Errorf("its decision %s", problem)
				}
			})
		}
	}
}

func raw(t *testing.T, pod *corev1.Pod) value {
	t.Helper()
	v, err := runtime.DefaultUnstructuredConverter.ToUnstructured(pod)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// created is the update of an object as a webhook reads it; without templates where they are not read.
func created(t *testing.T, before, after value) policy.Workload {
	t.Helper()
	w := policy.Workload{
		Namespace: "polyaxon", User: policy.UserNamed("tenant"), Core: core, Kind: after["kind"].(string),
		Resource: schema.GroupResource{Resource: strings.ToLower(after["kind"].(string)) + "s"},
	}
	olds, _ := template.Of(before)
	news, _ := template.Of(after)
	for i, n := range news {
		one := policy.Template{
			At: field.NewPath(n.Path()), Pod: decoded(t, n.Raw), Inexact: n.Inexact, Creator: policy.UserNamed(n.Creator),
			LabelAt: func(string) *field.Path { return field.NewPath("metadata", "labels") },
		}
		if i < len(olds) {
			one.Old = decoded(t, olds[i].Raw)
		}
		w.Templates = append(w.Templates, one)
	}
	return w
}

func decoded(t *testing.T, v value) *corev1.Pod {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{}
	if err := json.Unmarshal(text, pod); err != nil {
		t.Fatal(err)
	}
	return pod
}
