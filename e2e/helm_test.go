package e2e_test

import (
	"errors"
	"slices"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestHelm installs, upgrades, rolls back and uninstalls. The server runs on this machine; everything else is real.
func TestHelm(t *testing.T) {
	r := newTrial(t)
	r.helm("--values=" + policyValues(t, "trial", "first"))
	r.writeCertificates()
	r.refuses()
	first := r.policy()

	r.helm("--values=" + policyValues(t, "trial", "second"))
	second := r.policy()
	r.holds("the first policy is kept for replicas that are not replaced yet", first != second && slices.Equal(r.policies(), sorted(first, second)))
	r.holds("the certificate outlives an upgrade", r.hasCertificates())
	r.refuses()

	r.helm("--values=" + policyValues(t, "trial", "third"))
	third := r.policy()
	r.holds("a policy that nothing uses is removed", slices.Equal(r.policies(), sorted(second, third)))

	r.run("rollback", "trial", "1", "--namespace=trial-system", "--wait")
	r.holds("a rollback brings its policy back", r.policy() == first && slices.Contains(r.policies(), first))
	r.holds("the certificate outlives a rollback", r.hasCertificates())
	r.refuses()

	bundle := string(r.server.CA) + string(r.server.CA) // another value than the server wrote, and as good
	r.helm("--values="+policyValues(t, "trial", "first"), "--set=certificates.source=files",
		"--set-literal=certificates.caBundle="+bundle, "--force-conflicts")
	r.holds("a bundle that is given takes the place of the server's", r.hasBundle(bundle))
	r.refuses()

	bystander := plainPod("trial")
	create(t, r.admin, bystander)
	r.run("uninstall", "trial", "--namespace=trial-system", "--wait")
	r.awaitNothing()
	if err := r.admin.Get(t.Context(), client.ObjectKeyFromObject(bystander), bystander); err != nil || bystander.DeletionTimestamp != nil {
		t.Errorf("the uninstallation took a running pod: %v", err)
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
	r.get("trial-polymoat-tls", &secret)
	return string(secret.Data["ca.crt"]) == string(r.server.CA) && r.hasBundle(string(r.server.CA))
}

// hasBundle says whether that is what the API server trusts, for all webhooks.
func (r *trial) hasBundle(bundle string) bool {
	r.t.Helper()
	var mutating admissionregistrationv1.MutatingWebhookConfiguration
	var validating admissionregistrationv1.ValidatingWebhookConfiguration
	r.get("trial-polymoat", &mutating)
	r.get("trial-polymoat", &validating)
	ok := len(mutating.Webhooks) == 2 && len(validating.Webhooks) == 3
	for _, w := range mutating.Webhooks {
		ok = ok && string(w.ClientConfig.CABundle) == bundle
	}
	for _, w := range validating.Webhooks {
		ok = ok && string(w.ClientConfig.CABundle) == bundle
	}
	return ok
}
