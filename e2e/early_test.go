package e2e_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/template"
)

// faults are what a user may write into the environment of a polyaxonfile, into a pod's spec.
var faults = map[string]func(spec map[string]any){
	"as it is":           func(map[string]any) {},
	"a node":             func(spec map[string]any) { spec["nodeName"] = "core-1" },
	"an unknown node":    func(spec map[string]any) { spec["nodeName"] = "nowhere-1" },
	"a pool not its own": func(spec map[string]any) { spec["nodeSelector"] = map[string]any{"polyaxon": "builds"} },
	"core": func(spec map[string]any) {
		spec["nodeSelector"] = map[string]any{"polyaxon": "core"}
		spec["tolerations"] = []any{map[string]any{"key": "polyaxon", "operator": "Exists"}}
	},
	"root":     func(spec map[string]any) { spec["securityContext"] = map[string]any{"runAsUser": int64(0)} },
	"the host": func(spec map[string]any) { spec["hostNetwork"] = true },
	"everything at once": func(spec map[string]any) {
		spec["nodeName"], spec["hostPID"] = "core-1", true
		spec["securityContext"] = map[string]any{"runAsUser": int64(0)}
	},
}

// TestEarlyAnswers: what is said of a resource when it is created is what is said of its pods later, in the same words.
func TestEarlyAnswers(t *testing.T) {
	createPolyaxonKinds(t)
	resources, err := e2e.Early()
	if err != nil {
		t.Fatal(err)
	}
	refusals := 0
	for _, r := range resources {
		for name, fault := range faults {
			t.Run(r.Name+"/"+name, func(t *testing.T) {
				o := r.Object.DeepCopy()
				pods := templates(t, o)
				for _, p := range pods {
					fault(p.Raw["spec"].(map[string]any)) // the object's own
				}
				var want []string
				for _, p := range pods {
					said, refused := createPod(t, p)
					if refused {
						refusals++
					}
					for _, text := range said {
						want = append(want, fmt.Sprintf("%s: %s", p.Path(), text))
					}
				}
				if diff := gocmp.Diff(want, createResource(t, o)); diff != "" {
					t.Errorf("(-said of the pods +said of the resource):\n%s", diff)
				}
			})
		}
	}
	if want := len(resources) * (len(faults) - 1); refusals < want {
		t.Errorf("only %d pods were refused, want %d at least", refusals, want)
	}
}

func templates(t *testing.T, o *unstructured.Unstructured) []template.Pod {
	t.Helper()
	pods, err := template.Of(o.Object)
	if err != nil || len(pods) == 0 {
		t.Fatalf("%d pod templates: %v", len(pods), err)
	}
	return pods
}

// createPod creates the pod of a template as its controller would, or as an operator does, and returns what is said of it:
// warnings, or the reasons for which it is refused. Nothing stays: it is a dry-run.
func createPod(t *testing.T, p template.Pod) (said []string, refused bool) {
	t.Helper()
	pod := &corev1.Pod{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(p.Raw, pod); err != nil {
		t.Fatal(err)
	}
	pod.Name, pod.Namespace = cmp.Or(pod.Name, "early"), "polyaxon"
	for i := range pod.OwnerReferences {
		pod.OwnerReferences[i].UID = "3b662047-58a3-45de-819f-2c884b0c85b9" // of an owner that a controller would have made
	}
	creator := cmp.Or(p.Creator, "system:serviceaccount:polyaxon:polyaxon-trainingjobs")
	said, err := createWarned(t, control.Impersonating(creator), pod)
	if err == nil {
		return said, false
	}
	_, refusal, found := strings.Cut(err.Error(), fmt.Sprintf("denied the request: pods %q of role ", pod.Name))
	role, reasons, _ := strings.Cut(refusal, ": ")
	if !found {
		t.Fatalf("not refused by polymoat: %v", err)
	}
	return append(said, fmt.Sprintf("its pods of role %s will be refused: %s", role, reasons)), true
}

// createResource creates a resource as a tenant, by dry-run, and returns the warnings.
func createResource(t *testing.T, o *unstructured.Unstructured) []string {
	t.Helper()
	said, err := createWarned(t, control.As(cluster.Tenant), o.DeepCopy())
	if err != nil {
		t.Fatal(err)
	}
	return said
}

func createWarned(t *testing.T, config *rest.Config, o client.Object) ([]string, error) {
	t.Helper()
	w := &warned{}
	config.WarningHandler, config.WarningHandlerWithContext = nil, w
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Create(t.Context(), o, client.DryRunAll)
	w.Lock()
	defer w.Unlock()
	return slices.Clone(w.texts), err
}

// warned collects polymoat's warnings.
type warned struct {
	sync.Mutex
	texts []string
}

func (w *warned) HandleWarningHeaderWithContext(_ context.Context, code int, _, text string) {
	w.Lock()
	defer w.Unlock()
	ours := !strings.HasPrefix(text, "unknown field ") // the API server's own, about what a resource's schema leaves out
	if code == 299 && ours {
		w.texts = append(w.texts, text)
	}
}
