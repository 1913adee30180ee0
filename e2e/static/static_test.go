// Package static_test runs a real control plane whose API server loads the native twin of the built-in policy from its disk.
package static_test

import (
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/polymoat/polymoat/e2e"
	"github.com/polymoat/polymoat/e2e/cluster"
	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli"
)

// control is the control plane, and folder what its API server loads.
var (
	control *cluster.Cluster
	folder  string
)

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if folder, err = os.MkdirTemp("", "polymoat-policies-"); err == nil {
		err = write("")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	cluster.Main("static", cluster.Options{StaticPolicies: folder, Needs: cluster.Static}, func(_ context.Context, s cluster.Site) (int, error) {
		defer func() { _ = os.RemoveAll(folder) }()
		control = s.Control
		return m.Run(), nil
	})
}

// write writes the twin of a policy file, as an administrator does; of the built-in policy where there is none.
func write(policy string) error {
	args := []string{"native", "--static", folder, "--keeper", "keeper"}
	if policy != "" {
		args = append(args, "--policy", policy)
	}
	var text strings.Builder
	if code := cli.Main(args, strings.NewReader(""), &text, &text); code != 0 {
		return errors.New(text.String())
	}
	return nil
}

// as is a client of a user: cluster.Admin, cluster.Tenant, or any name, with the rights of an administrator.
func as(t *testing.T, user string) client.Client {
	t.Helper()
	config := control.As(user)
	if user != cluster.Admin && user != cluster.Tenant {
		config = control.Impersonating(user)
		config.Impersonate.Groups = []string{"system:masters"}
	}
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// claim is the error of a tenant who claims core.
func claim(ctx context.Context, tenant client.Client) error {
	pod, err := e2e.Train()
	if err != nil {
		return err
	}
	pod.Labels = map[string]string{"app.kubernetes.io/part-of": "polyaxon-core"}
	err = tenant.Create(ctx, pod, client.DryRunAll)
	if err == nil || !strings.Contains(err.Error(), "ValidatingAdmissionPolicy 'polymoat-polyaxon-pods-enforce.static.k8s.io'") || !strings.Contains(err.Error(), "core-claim: ") {
		return fmt.Errorf("a claim of core is not refused by the static twin: %w", err)
	}
	return nil
}

// place is the error of a run that is not placed on the pool.
func place(ctx context.Context, tenant client.Client, pool string) error {
	pod, err := e2e.Train()
	if err != nil {
		return err
	}
	if err := tenant.Create(ctx, pod, client.DryRunAll); err != nil {
		return err
	}
	if got := pod.Spec.NodeSelector["polyaxon"]; got != pool {
		return fmt.Errorf("a run is placed on pool %q, want %q", got, pool)
	}
	return nil
}

func inForce(t *testing.T, pool string) {
	t.Helper()
	if err := errors.Join(claim(t.Context(), as(t, cluster.Tenant)), place(t.Context(), as(t, cluster.Tenant), pool)); err != nil {
		t.Error(err)
	}
}

// TestReload: policies on disk are in force from the start; changed ones are loaded without a restart; of a broken file
// nothing is taken, and the last good set stays.
func TestReload(t *testing.T) {
	inForce(t, "experiments")
	other := filepath.Join(t.TempDir(), "policy.yaml")
	text := strings.ReplaceAll(v1alpha1.DefaultYAML, "value: experiments", "value: others")
	if err := errors.Join(os.WriteFile(other, []byte(text), 0o600), write(other)); err != nil {
		t.Fatal(err)
	}
	await(t, "the changed policy", func(ctx context.Context) error { return place(ctx, as(t, cluster.Tenant), "others") })
	for _, half := range []string{"mutating", "validating"} {
		broken := filepath.Join(folder, half, "broken")
		// Whole at once: a file that is empty for a moment is a set of no policies.
		if err := errors.Join(os.WriteFile(broken, []byte("kind: broken"), 0o600), os.Rename(broken, filepath.Join(folder, half, "polymoat.yaml"))); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the broken files to be looked at", failedReloads)
	inForce(t, "others")
	if err := write(""); err != nil {
		t.Fatal(err)
	}
	await(t, "the first policy", func(ctx context.Context) error { return place(ctx, as(t, cluster.Tenant), "experiments") })
}

func await(t *testing.T, what string, ready func(context.Context) error) {
	t.Helper()
	if err := control.Await(what, ready); err != nil {
		t.Fatal(err)
	}
}

// failedReloads is an error until both plugins say that they could not load their files.
func failedReloads(ctx context.Context) error {
	clientset, err := kubernetes.NewForConfig(control.As(cluster.Admin))
	if err != nil {
		return err
	}
	text, err := clientset.RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return err
	}
	failed := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "apiserver_manifest_admission_config_controller_automatic_reloads_total{") && strings.Contains(line, `status="failure"`) {
			failed++
		}
	}
	if failed < 2 {
		return fmt.Errorf("%d plugins tell of a failed reload, want 2", failed)
	}
	return nil
}

// TestGuard: only those named change or remove what makes up polymoat. Its authority may be renewed.
func TestGuard(t *testing.T) {
	const rotates = "system:serviceaccount:polymoat-system:polymoat"
	admin := as(t, cluster.Admin)
	webhooks := &admissionv1.ValidatingWebhookConfiguration{}
	webhooks.Name = "polymoat"
	webhooks.Webhooks = []admissionv1.ValidatingWebhook{{
		Name: "validate.polymoat.io", AdmissionReviewVersions: []string{"v1"}, SideEffects: new(admissionv1.SideEffectClassNone),
		ClientConfig: admissionv1.WebhookClientConfig{URL: new("https://127.0.0.1:1/validate")},
	}}
	if err := admin.Create(t.Context(), webhooks); err != nil {
		t.Fatal(err)
	}
	await(t, "the guard", func(ctx context.Context) error {
		if admin.Delete(ctx, webhooks.DeepCopy(), client.DryRunAll) == nil {
			return errors.New("an administrator could remove them")
		}
		return nil
	})
	patch := func(user, path, value string) error {
		text := fmt.Sprintf(`[{"op": "add", "path": %q, "value": %s}]`, path, value)
		return as(t, user).Patch(t.Context(), webhooks.DeepCopy(), client.RawPatch("application/json-patch+json", []byte(text)), client.DryRunAll)
	}
	const failurePolicy, caBundle = "/webhooks/0/failurePolicy", "/webhooks/0/clientConfig/caBundle"
	ca, err := os.ReadFile(control.As(cluster.Admin).CAFile)
	if err != nil {
		t.Fatal(err)
	}
	authority := strconv.Quote(base64.StdEncoding.EncodeToString(ca))
	for what, err := range map[string]error{
		"an administrator removes them":                admin.Delete(t.Context(), webhooks.DeepCopy(), client.DryRunAll),
		"an administrator removes all":                 admin.DeleteAllOf(t.Context(), &admissionv1.ValidatingWebhookConfiguration{}, client.DryRunAll),
		"an administrator has them fail open":          patch("admin", failurePolicy, `"Ignore"`),
		"an administrator has them trust another":      patch("admin", caBundle, authority),
		"the account of polymoat has them fail open":   patch(rotates, failurePolicy, `"Ignore"`),
		"the account of polymoat has them labelled":    patch(rotates, "/metadata/labels", `{"a": "b"}`),
		"the account of polymoat leads them elsewhere": patch(rotates, "/webhooks/0/clientConfig/url", `"https://127.0.0.1:2/validate"`),
	} {
		if err == nil || !strings.Contains(err.Error(), "only those named to polymoat's guard may change or remove polymoat's webhooks and policies") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, err := range map[string]error{
		"the account of polymoat renews the authority": patch(rotates, caBundle, authority),
		"a keeper has them fail open":                  patch("keeper", failurePolicy, `"Ignore"`),
		"a keeper removes them":                        as(t, "keeper").Delete(t.Context(), webhooks.DeepCopy()),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestWithoutEtcd: the policies are in force while etcd is away.
func TestWithoutEtcd(t *testing.T) {
	tenant := as(t, cluster.Tenant)
	inForce(t, "experiments")
	if err := control.Kill("etcd"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(control.Revive("etcd"), control.AwaitAPIServer()); err != nil {
			t.Error(err)
		}
	})
	if err := claim(t.Context(), tenant); err != nil {
		t.Error(err)
	}
}
