package e2e_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// trial is a release of the chart beside what install.yaml installed: in trial-system, for the namespace trial.
type trial struct {
	t      *testing.T
	admin  client.Client
	server cluster.Server
}

// newTrial makes the namespaces, of which trial-system enforces the restricted standard, and starts the server.
func newTrial(t *testing.T) *trial {
	t.Helper()
	r := &trial{t: t, admin: as(t, cluster.Admin)}
	r.namespace("trial", nil)
	r.namespace("trial-system", map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})
	t.Cleanup(func() { // what is left of a failed test must not fail the others
		_, _ = helm.Run(context.WithoutCancel(t.Context()), "uninstall", "trial", "--namespace=trial-system", "--ignore-not-found")
	})
	text, err := helm.Render(t.Context(), "trial", "trial-system", "--values="+policyValues(t, "trial", "first"), "--show-only=templates/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if r.server, err = control.Serve("trial", cluster.Polymoat{Binary: server, Policy: r.mount(text), Configuration: "trial-polymoat"}); err != nil {
		t.Fatal(err)
	}
	return r
}

// namespace makes one, once that of an earlier test is gone.
func (r *trial) namespace(name string, labels map[string]string) {
	r.t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	removeAfter(r.t, ns)
	if err := control.Await("namespace "+name, func(ctx context.Context) error { return r.admin.Create(ctx, ns.DeepCopy()) }); err != nil {
		r.t.Fatal(err)
	}
}

// mount writes the data of a ConfigMap to a folder, as a kubelet does.
func (r *trial) mount(text string) string {
	r.t.Helper()
	dir := r.t.TempDir()
	data, _, err := unstructured.NestedStringMap(decodeAll(r.t, text)[0].Object, "data")
	if err != nil {
		r.t.Fatal(err)
	}
	for name, text := range data {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	return dir
}

// helm installs or upgrades the release. Flags of a test come last, and win.
func (r *trial) helm(flags ...string) {
	r.t.Helper()
	r.run(append([]string{
		"upgrade", "--install", "trial", helm.Dir, "--namespace=trial-system", "--wait",
		"--set=certificates.source=self-managed,webhookURL=" + r.server.URL,
	}, flags...)...)
}

func (r *trial) run(args ...string) {
	r.t.Helper()
	if _, err := helm.Run(r.t.Context(), args...); err != nil {
		r.t.Fatal(err)
	}
}

// refuses waits until the release's own webhook refuses a pod on a core node.
func (r *trial) refuses() {
	r.t.Helper()
	pod := plainPod("trial")
	pod.Spec.NodeName = "core-1"
	const want = `admission webhook "validate.polymoat.io" denied the request: pods "plain" of role "other": spec.nodeName `
	err := control.Await("a refusal", func(ctx context.Context) error {
		if err := r.admin.Create(ctx, pod.DeepCopy(), client.DryRunAll); err == nil || !strings.Contains(err.Error(), want) {
			return fmt.Errorf("got %w, want %s", err, want)
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// awaitNothing waits until no object of any kind carries the release's label: controllers take a moment.
func (r *trial) awaitNothing() {
	r.t.Helper()
	kinds := r.kinds()
	err := control.Await("the end of what was installed", func(ctx context.Context) error {
		for _, kind := range kinds {
			list := &metav1.PartialObjectMetadataList{TypeMeta: kind}
			if err := r.admin.List(ctx, list, client.MatchingLabels{"app.kubernetes.io/instance": "trial"}); err != nil {
				return fmt.Errorf("list %s: %w", kind.Kind, err)
			}
			if len(list.Items) > 0 {
				return fmt.Errorf("there is still %s %s", kind.Kind, list.Items[0].Name)
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// kinds are all kinds of the cluster that can be listed.
func (r *trial) kinds() []metav1.TypeMeta {
	r.t.Helper()
	d, err := discovery.NewDiscoveryClientForConfig(control.As(cluster.Admin))
	if err != nil {
		r.t.Fatal(err)
	}
	lists, err := d.ServerPreferredResources()
	if err != nil {
		r.t.Fatal(err)
	}
	var kinds []metav1.TypeMeta
	for _, list := range lists {
		for _, resource := range list.APIResources {
			if slices.Contains(resource.Verbs, "list") && !strings.Contains(resource.Name, "/") {
				kinds = append(kinds, metav1.TypeMeta{APIVersion: list.GroupVersion, Kind: resource.Kind})
			}
		}
	}
	if len(kinds) < 50 {
		r.t.Errorf("only %d kinds were looked at", len(kinds))
	}
	return kinds
}

// policyValues writes values with one policy for a namespace, and returns their file. Policies of other names differ.
func policyValues(t *testing.T, namespace, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "values.yaml")
	text := fmt.Sprintf(`policies:
- metadata: {name: %s}
  spec:
    namespaces: [%s]
    nodePools: [{name: core, nodeLabel: {key: polyaxon, value: core}, taints: [{key: polyaxon, value: core, effect: NoSchedule}], protected: true}]
`, name, namespace)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func decodeAll(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := cluster.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}
