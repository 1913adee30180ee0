package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
	facts "github.com/polymoat/polymoat/internal/cluster"
	"github.com/polymoat/polymoat/internal/override"
)

// asking is the namespace of testdata/policies/asking.yaml, whose runs may ask for node pools.
const asking = "asking"

// createPolyaxonKinds makes the resources of Polyaxon's that testdata/crds describes, and returns when they are served.
func createPolyaxonKinds(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile("testdata/crds/polyaxon.yaml")
	if err != nil {
		t.Fatal(err)
	}
	objects, err := cluster.Decode(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, crd := range objects {
		// The one of another test may not be gone yet.
		if err := control.Await(crd.GetName(), func(ctx context.Context) error { return as(t, cluster.Admin).Create(ctx, crd) }); err != nil {
			t.Fatal(err)
		}
		removeAfter(t, crd)
	}
	for _, crd := range objects {
		group, _, _ := unstructured.NestedString(crd.Object, "spec", "group")
		kind, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "kind")
		list := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": group + "/v1", "kind": kind + "List"}}
		if err := control.Await(kind, func(ctx context.Context) error { return as(t, cluster.Admin).List(ctx, list) }); err != nil {
			t.Fatal(err)
		}
	}
}

// polyaxonResource is a resource of Polyaxon's that carries overrides.
func polyaxonResource(apiVersion, kind, uuid string, annotations, labels map[string]string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind}}
	o.SetNamespace(asking)
	o.SetName("plx-operation-" + uuid)
	o.SetAnnotations(annotations)
	o.SetLabels(labels)
	return o
}

// runOf is a pod of a run that carries nothing of what its resource says.
func runOf(uuid, component string) *corev1.Pod {
	pod := jobPod("plx-operation-" + uuid + "-0")
	pod.Namespace = asking
	pod.Labels["app.kubernetes.io/instance"], pod.Labels["app.kubernetes.io/component"] = uuid, component
	return pod
}

// TestAsking shares a namespace: it takes a while for one to go.
func TestAsking(t *testing.T) {
	askAbout(t, asking)
	createPolyaxonKinds(t)
	t.Run("the owner of a pod", testOwners)
	t.Run("the owner of a Job", testOwnerOfAJob)
	t.Run("nowhere", testNowhere)
}

// testOwners: what a user wrote into a polyaxonfile counts where Polyaxon does not carry it to the pod.
func testOwners(t *testing.T) {
	wants := func(pool string) map[string]string { return map[string]string{"polymoat.io/node-pool": pool} }
	const said = `polymoat.io/node-pool=builds: placed on node pool "builds" instead of "experiments"`
	for name, tc := range map[string]struct {
		resource *unstructured.Unstructured
		pod      *corev1.Pod
		pool     string
		warnings []string
		want     string
	}{
		"an annotation of an Operation": {
			resource: polyaxonResource("core.polyaxon.com/v1", "Operation", "a1", wants("builds"), nil),
			pod:      runOf("a1", "polyaxon-tfjobs"), pool: "builds", warnings: []string{said},
		},
		"a label of a KfJob": {
			resource: polyaxonResource("polyaxon.com/v1", "KfJob", "a2", nil, wants("builds")),
			pod:      runOf("a2", "polyaxon-pytorch-jobs"), pool: "builds", warnings: []string{said},
		},
		"an Operation that asks for nothing": {
			resource: polyaxonResource("core.polyaxon.com/v1", "Operation", "a3", nil, nil), pod: runOf("a3", "polyaxon-jobs"), pool: "experiments",
		},
		"a run without a resource": {pod: runOf("a4", "polyaxon-jobs"), pool: "experiments"},
		"an Operation that asks for core": {
			resource: polyaxonResource("core.polyaxon.com/v1", "Operation", "a5", wants("core"), nil), pod: runOf("a5", "polyaxon-jobs"),
			want: `admission webhook "validate.asking.io" denied the request: pods "plx-operation-a5-0" is invalid: ` +
				`operations.core.polyaxon.com/plx-operation-a5: environment.annotations[polymoat.io/node-pool]: ` +
				`Invalid value: "core": role "jobs" accepts "builds", "gpu"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.resource != nil {
				create(t, as(t, cluster.Admin), tc.resource)
			}
			heard, err := tell(t, tc.pod)
			if diff := cmp.Diff(tc.want, message(err)); diff != "" {
				t.Fatalf("answer (-want +got):\n%s", diff)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(tc.warnings, heard); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
			awaitBinding(t, tc.pod, tc.pool)
		})
	}
}

// testOwnerOfAJob: the pods of a Job, which the job controller makes, go where the Operation of the Job says.
func testOwnerOfAJob(t *testing.T) {
	create(t, as(t, cluster.Admin), polyaxonResource("core.polyaxon.com/v1", "Operation", "b1", map[string]string{"polymoat.io/node-pool": "builds"}, nil))
	template := runOf("b1", "polyaxon-jobs")
	job := &batchv1.Job{}
	job.Name, job.Namespace = "plx-operation-b1", asking
	job.Spec.Template.Labels, job.Spec.Template.Spec = template.Labels, template.Spec
	job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	create(t, as(t, cluster.Admin), job)
	var pods corev1.PodList
	if err := control.Await("the Job's pod", func(ctx context.Context) error {
		err := as(t, cluster.Admin).List(ctx, &pods, client.InNamespace(asking), client.MatchingLabels{"job-name": job.Name})
		if err == nil && len(pods.Items) != 1 {
			err = fmt.Errorf("there are %d", len(pods.Items))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	awaitBinding(t, &pods.Items[0], "builds")
}

// TestOwnersAreSeen: the cache knows a resource of a kind that came after it, what it asks for, and that it is gone.
func TestOwnersAreSeen(t *testing.T) {
	owners, err := facts.NewOwners(control.Kubeconfig(cluster.Admin), override.IsKey)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { owners.Run(ctx); close(done) }()
	t.Cleanup(func() { stop(); <-done })

	create(t, as(t, cluster.Admin), &corev1.Namespace{ObjectMeta: metaNamed("seen")})
	createPolyaxonKinds(t)
	annotations := map[string]string{"polymoat.io/node-pool": "builds", "note": "mine"}
	resource := polyaxonResource("core.polyaxon.com/v1", "Operation", "c1", annotations, nil)
	resource.SetNamespace("seen")
	create(t, as(t, cluster.Admin), resource)
	pod := runOf("c1", "polyaxon-jobs")
	if err := control.Await("the resource", func(context.Context) error {
		owner := owners.Known("seen", pod)
		if owner == nil {
			return errors.New("is not known")
		}
		if diff := cmp.Diff(map[string]string{"polymoat.io/node-pool": "builds"}, owner.Annotations); diff != "" || owner.Name != resource.GetName() {
			t.Errorf("%s (-want +got):\n%s", owner, diff)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if owner := owners.Known(asking, pod); owner != nil {
		t.Errorf("another namespace has %s", owner)
	}
	if err := as(t, cluster.Admin).Delete(t.Context(), resource); err != nil {
		t.Fatal(err)
	}
	if err := control.Await("its end", func(context.Context) error {
		if owner := owners.Known("seen", pod); owner != nil {
			return fmt.Errorf("%s is still known", owner)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// awaitBinding waits until the pod runs on a node of the pool.
func awaitBinding(t *testing.T, pod *corev1.Pod, pool string) {
	t.Helper()
	if err := control.Await("binding", func(ctx context.Context) error {
		if err := as(t, cluster.Admin).Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
			return err
		}
		if !strings.HasPrefix(pod.Spec.NodeName, pool+"-") {
			return fmt.Errorf("the pod is on node %q", pod.Spec.NodeName)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
