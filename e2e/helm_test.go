package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
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

// TestHelm installs, upgrades, rolls back and uninstalls. The server runs on this machine; everything else is real.
func TestHelm(t *testing.T) {
	r := newTrial(t)
	r.helm("upgrade", "--install", "--values="+policyValues(t, "trial", "first"))
	r.writeCertificates()
	r.refuses()
	first := r.policy()

	r.helm("upgrade", "--install", "--values="+policyValues(t, "trial", "second"))
	second := r.policy()
	r.holds("the first policy is kept for replicas that are not replaced yet", first != second && slices.Equal(r.policies(), sorted(first, second)))
	r.holds("the certificate outlives an upgrade", r.hasCertificates())
	r.refuses()

	r.helm("upgrade", "--install", "--values="+policyValues(t, "trial", "third"))
	third := r.policy()
	r.holds("a policy that nothing uses is removed", slices.Equal(r.policies(), sorted(second, third)))

	r.run("rollback", "trial", "1", "--namespace=trial-system", "--wait")
	r.holds("a rollback brings its policy back", r.policy() == first && slices.Contains(r.policies(), first))
	r.holds("the certificate outlives a rollback", r.hasCertificates())
	r.refuses()

	bystander := plainPod("trial")
	create(t, r.admin, bystander)
	r.run("uninstall", "trial", "--namespace=trial-system", "--wait")
	r.awaitNothing()
	if err := r.admin.Get(t.Context(), client.ObjectKeyFromObject(bystander), bystander); err != nil || bystander.DeletionTimestamp != nil {
		t.Errorf("the uninstallation took a running pod: %v", err)
	}
}

// newTrial makes the namespaces, of which trial-system enforces the restricted standard, and starts the server.
func newTrial(t *testing.T) *trial {
	t.Helper()
	r := &trial{t: t, admin: as(t, cluster.Admin)}
	create(t, r.admin, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "trial"}})
	create(t, r.admin, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: "trial-system", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}})
	t.Cleanup(func() { // what is left of a failed test must not fail the others
		_, _ = helm.Run(context.WithoutCancel(t.Context()), "uninstall", "trial", "--namespace=trial-system", "--ignore-not-found")
	})
	text, err := helm.Render(t.Context(), "trial", "trial-system", "--values="+policyValues(t, "trial", "first"), "--show-only=templates/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if r.server, err = control.Serve("trial", cluster.Polymoat{Binary: server, Policy: r.mount(text)}); err != nil {
		t.Fatal(err)
	}
	return r
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

// helm runs helm with everything that is the same in every revision.
func (r *trial) helm(args ...string) {
	r.t.Helper()
	r.run(slices.Concat(args, []string{
		"trial", helm.Dir, "--namespace=trial-system", "--wait",
		"--set=certificates.source=self-managed,webhookURL=" + r.server.URL,
	})...)
}

func (r *trial) run(args ...string) {
	r.t.Helper()
	if _, err := helm.Run(r.t.Context(), args...); err != nil {
		r.t.Fatal(err)
	}
}

func (r *trial) holds(what string, ok bool) {
	r.t.Helper()
	if !ok {
		r.t.Errorf("not so: %s; policies %q, in force %s", what, r.policies(), r.policy())
	}
}

// policy is the ConfigMap that the Deployment mounts.
func (r *trial) policy() string {
	r.t.Helper()
	var d appsv1.Deployment
	r.get("trial-polymoat", &d)
	for _, volume := range d.Spec.Template.Spec.Volumes {
		if volume.Name == "policy" {
			return volume.ConfigMap.Name
		}
	}
	r.t.Fatal("the Deployment has no volume policy")
	return ""
}

// policies are the ConfigMaps with policies, as others find them: by label.
func (r *trial) policies() []string {
	r.t.Helper()
	var list corev1.ConfigMapList
	labels := client.MatchingLabels{"app.kubernetes.io/name": "polymoat", "app.kubernetes.io/component": "policy"}
	if err := r.admin.List(r.t.Context(), &list, client.InNamespace("trial-system"), labels); err != nil {
		r.t.Fatal(err)
	}
	var names []string
	for _, c := range list.Items {
		names = append(names, c.Name)
	}
	return sorted(names...)
}

func sorted(names ...string) []string { return slices.Sorted(slices.Values(names)) }

func (r *trial) get(name string, object client.Object) {
	r.t.Helper()
	if err := r.admin.Get(r.t.Context(), client.ObjectKey{Namespace: "trial-system", Name: name}, object); err != nil {
		r.t.Fatal(err)
	}
}

// writeCertificates does what a self-managed server does, with the rights of its service account and no others.
func (r *trial) writeCertificates() {
	r.t.Helper()
	account := as(r.t, "system:serviceaccount:trial-system:trial-polymoat")
	var secret corev1.Secret
	var mutating admissionregistrationv1.MutatingWebhookConfiguration
	var validating admissionregistrationv1.ValidatingWebhookConfiguration
	r.get("trial-polymoat-tls", &secret)
	r.get("trial-polymoat", &mutating)
	r.get("trial-polymoat", &validating)
	mutatingBefore, validatingBefore := client.MergeFrom(mutating.DeepCopy()), client.MergeFrom(validating.DeepCopy())
	secret.Data = map[string][]byte{"ca.crt": r.server.CA}
	for i := range mutating.Webhooks {
		mutating.Webhooks[i].ClientConfig.CABundle = r.server.CA
	}
	for i := range validating.Webhooks {
		validating.Webhooks[i].ClientConfig.CABundle = r.server.CA
	}
	err := errors.Join(account.Update(r.t.Context(), &secret),
		account.Patch(r.t.Context(), &mutating, mutatingBefore), account.Patch(r.t.Context(), &validating, validatingBefore))
	if err != nil {
		r.t.Fatal(err)
	}
}

// hasCertificates says whether what the server wrote is still there.
func (r *trial) hasCertificates() bool {
	r.t.Helper()
	var secret corev1.Secret
	var mutating admissionregistrationv1.MutatingWebhookConfiguration
	var validating admissionregistrationv1.ValidatingWebhookConfiguration
	r.get("trial-polymoat-tls", &secret)
	r.get("trial-polymoat", &mutating)
	r.get("trial-polymoat", &validating)
	ok := string(secret.Data["ca.crt"]) == string(r.server.CA)
	for _, w := range mutating.Webhooks {
		ok = ok && string(w.ClientConfig.CABundle) == string(r.server.CA)
	}
	for _, w := range validating.Webhooks {
		ok = ok && string(w.ClientConfig.CABundle) == string(r.server.CA)
	}
	return ok
}

// refuses waits until the release's own webhook refuses a pod on a core node.
func (r *trial) refuses() {
	r.t.Helper()
	pod := plainPod("trial")
	pod.Spec.NodeName = "core-1"
	const want = `admission webhook "validate.polymoat.io" denied the request: pods "plain": role "other" violates node-name: `
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
