package doctor

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"
)

// examples are all examples, by the ID of their check.
var examples = func() map[string][]example {
	all := map[string][]example{}
	for _, part := range []map[string][]example{ofInstallation, ofWebhooks, ofCertificates, ofCluster, ofPolyaxon, ofTwin, ofAutoscalers} {
		maps.Copy(all, part)
	}
	return all
}()

// without are rules without those that allow a verb on a resource.
func without(rules []rbacv1.PolicyRule, resource, verb string) []rbacv1.PolicyRule {
	return slices.DeleteFunc(rules, func(r rbacv1.PolicyRule) bool {
		return slices.Contains(r.Resources, resource) && slices.Contains(r.Verbs, verb)
	})
}

// plainly is a change that cannot fail.
func plainly(change func(*Facts)) func(*testing.T, *Facts) {
	return func(_ *testing.T, f *Facts) { change(f) }
}

// networks adds NetworkPolicies in the namespace of the installation.
func networks(specs ...string) func(*testing.T, *Facts) {
	return func(t *testing.T, f *Facts) {
		t.Helper()
		for _, spec := range specs {
			policy := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: f.Deployment.Namespace}}
			if err := yaml.UnmarshalStrict([]byte(spec), &policy.Spec); err != nil {
				t.Fatal(err)
			}
			f.Add(policy)
		}
	}
}

// TestClosedPort: what lets in some addresses or some pods is enough.
func TestClosedPort(t *testing.T) {
	for _, specs := range [][]string{
		{`{podSelector: {}}`},
		{`{podSelector: {matchLabels: {app.kubernetes.io/name: polymoat}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.1/32}}], ports: [{port: 9443}]}, {ports: [{port: 8081}, {port: 8443}]}]}`},
		{`{podSelector: {}, ingress: [{from: [{podSelector: {}}]}, {from: [{namespaceSelector: {matchLabels: {a: b}}}]}, {from: [{namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}]}]}`},
		{`{podSelector: {}, ingress: [{ports: [{port: 9444, endPort: 9999}, {port: probes}]}]}`},
	} {
		f := healthy(t)
		networks(specs...)(t, f)
		if newView(f).opensPort() {
			t.Errorf("%q leave the port open", specs)
		}
	}
}

var ofInstallation = map[string][]example{
	"installed": {
		{"nothing is there", plainly(func(f *Facts) { *f = Facts{Kubernetes: f.Kubernetes} })},
		{"its webhooks are left", plainly(func(f *Facts) { f.Deployment = nil })},
	},
	"kubernetes-version": {
		{"older than the chart allows", plainly(func(f *Facts) { f.Kubernetes = "v1.30.4" })},
		{"newer than was tested", plainly(func(f *Facts) { f.Kubernetes = "v1.38.0" })},
		{"no version", plainly(func(f *Facts) { f.Kubernetes = "main" })},
	},
	"version-skew": {
		{"a rollout", plainly(func(f *Facts) {
			f.Pods[1].Labels = map[string]string{"app.kubernetes.io/name": "polymoat", "app.kubernetes.io/instance": "polymoat", "app.kubernetes.io/version": "0.2.0"}
			f.Pods[1].Spec.Containers[0].Image = "registry:5000/polymoat:0.2.0@sha256:0"
		})},
		{"a plugin of another version", plainly(func(f *Facts) { f.Plugin = "v0.2.0-3-g79365e3" })},
		{"a plugin that was built by hand", plainly(func(f *Facts) { f.Plugin = "(devel)" })},
	},
	"replicas": {
		{"none is ready", plainly(func(f *Facts) { f.Deployment.Status.ReadyReplicas = 0 })},
		{"one is ready", plainly(func(f *Facts) { f.Deployment.Status.ReadyReplicas = 1 })},
		{"one is wanted", plainly(func(f *Facts) { f.Deployment.Spec.Replicas, f.Deployment.Status.ReadyReplicas = ptr.To[int32](1), 1 })},
	},
	"replica-nodes": {
		{"on one node", plainly(func(f *Facts) { f.Pods[1].Spec.NodeName = "core-1" })},
		{"among runs", plainly(func(f *Facts) { f.Pods[1].Spec.NodeName = "builds-1" })},
	},
	"open-port": {
		{"reviews came from two addresses", plainly(func(f *Facts) {
			f.Senders = map[netip.Addr]int{netip.MustParseAddr("10.0.0.1"): 7, netip.MustParseAddr("fd00::2"): 1204}
		})},
		{"installed with Helm", plainly(func(f *Facts) {
			f.Senders = map[netip.Addr]int{netip.MustParseAddr("10.0.0.1"): 7}
			f.Deployment.Labels["app.kubernetes.io/managed-by"] = "Helm"
		})},
		{"nobody knows from where", plainly(func(*Facts) {})},
		{"the policy of other pods", networks(`{podSelector: {matchLabels: {app: other}}}`)},
		{"only for what goes out", networks(`{podSelector: {}, policyTypes: [Egress]}`)},
		{"the chart's without addresses", networks(`{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{ports: [{port: 9443, protocol: TCP}]}]}`)},
		{"a second one lets all in", networks(`{podSelector: {}}`, `{podSelector: {}, ingress: [{}]}`)},
		{"all addresses", networks(`{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: https}]}]}`)},
		{"all namespaces", networks(`{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 9000, endPort: 9999}]}]}`)},
	},
	"disruption-budget": {
		{"none", plainly(func(f *Facts) { f.Budgets = nil })},
		{"one for other pods", plainly(func(f *Facts) { f.Budgets[0].Spec.Selector.MatchLabels["app.kubernetes.io/instance"] = "other" })},
	},
	"server-rights": {
		{"the ClusterRole lacks a rule", plainly(func(f *Facts) { f.ClusterRoles[0].Rules = f.ClusterRoles[0].Rules[1:] })},
		{"pods may not be listed", plainly(func(f *Facts) {
			for _, r := range f.ClusterRoles {
				r.Rules = without(r.Rules, "pods", "list")
			}
		})},
		{"a Lease may not be created", plainly(func(f *Facts) {
			for _, r := range f.Roles {
				r.Rules = without(r.Rules, "leases", "create")
			}
		})},
		{"nothing is bound", plainly(func(f *Facts) { f.ClusterGrants, f.Grants = nil, nil })},
		{"a governed namespace came back without its RoleBinding", plainly(func(f *Facts) {
			f.ClusterGrants = slices.DeleteFunc(f.ClusterGrants, func(b *rbacv1.ClusterRoleBinding) bool { return b.Name == "polymoat-governed" })
		})},
	},
	"audit": {
		{"the Lease is missing", plainly(func(f *Facts) { f.Leases = nil })},
		{"another one is there", plainly(func(f *Facts) { f.Leases[0].Name = "other" })},
		{"the Lease was given up", plainly(func(f *Facts) { f.Leases[0].Spec.HolderIdentity = ptr.To("") })},
		{"it is not renewed", plainly(func(f *Facts) { f.Leases[0].Spec.RenewTime = ptr.To(metav1.NewMicroTime(today.Add(-3 * time.Minute))) })},
	},
	"policy": {
		{"the ConfigMap is missing", plainly(func(f *Facts) { f.Policy = nil })},
		{"it does not load", plainly(func(f *Facts) {
			f.Policy.Data["polyaxon.yaml"] = strings.Replace(f.Policy.Data["polyaxon.yaml"], "release:", "relaese:", 1)
		})},
		{"it is empty", plainly(func(f *Facts) { f.Policy.Data = nil })},
		{"no ConfigMap is mounted", plainly(func(f *Facts) { f.Deployment.Spec.Template.Spec.Volumes = nil })},
	},
	"policy-in-force": {
		{"a rollout", plainly(oldPolicy)},
		{"a rollout that is stuck", plainly(func(f *Facts) {
			oldPolicy(f)
			f.Deployment.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse}}
		})},
	},
	"exceptions": {
		{"one ends, and one is over", plainly(func(f *Facts) {
			f.Policy.Data["polyaxon.yaml"] += `
  exceptions:
  - {name: old-images, namespaces: [polyaxon], roles: [jobs], rules: [run-as-root], owner: jane@example.com, reason: rebuilt, expires: "2026-06-04"}
  - {name: older, namespaces: [polyaxon], roles: [jobs], rules: [run-as-root], owner: jane@example.com, reason: rebuilt, expires: "2026-05-04"}
`
		})},
	},
}

func oldPolicy(f *Facts) { f.Pods[1].Spec.Volumes[0].ConfigMap.Name = "polymoat-policy-0123456789" }

var ofCertificates = map[string][]example{
	"ca-bundle": {
		{"missing", plainly(func(f *Facts) { trust(f, nil) })},
		{"no PEM in one", plainly(func(f *Facts) { f.Mutating[0].Webhooks[0].ClientConfig.CABundle = []byte("hello") })},
		{"expired", func(t *testing.T, f *Facts) {
			trust(f, issue(t, host, today.AddDate(-1, 0, 0), today.AddDate(0, 0, -1)).ca)
		}},
	},
	"serving-certificate": {
		{"no Secret", plainly(func(f *Facts) { f.Secret = nil })},
		{"an empty Secret", plainly(func(f *Facts) { f.Secret.Data = nil })},
		{"no key", plainly(func(f *Facts) { delete(f.Secret.Data, "tls.key") })},
		{"the key of another certificate", func(t *testing.T, f *Facts) {
			f.Secret.Data["tls.key"] = issue(t, host, today, today.AddDate(1, 0, 0)).key
		}},
		{"expired", func(t *testing.T, f *Facts) {
			certify(t, f, issue(t, host, today.AddDate(-1, 0, 0), today.AddDate(0, 0, -1)))
		}},
		{"not valid yet", func(t *testing.T, f *Facts) {
			certify(t, f, issue(t, host, today.AddDate(0, 0, 1), today.AddDate(1, 0, 0)))
		}},
		{"expires soon, from files", func(t *testing.T, f *Facts) {
			certify(t, f, issue(t, host, today.AddDate(-1, 0, 0), today.AddDate(0, 0, 13)))
			fromFiles(f)
		}},
		{"no Secret, from cert-manager", plainly(func(f *Facts) {
			fromCertManager(f)
			f.Secret = nil
		})},
		{"from no Secret", plainly(func(f *Facts) { f.Deployment.Spec.Template.Spec.Containers[0].Args = nil })},
		{"a server outside the cluster", plainly(func(f *Facts) {
			f.Secret.Data = nil
			for i := range f.Mutating[0].Webhooks {
				f.Mutating[0].Webhooks[i].ClientConfig.URL = new("https://192.0.2.1:8443/mutate")
			}
			for i := range f.Validating[0].Webhooks {
				f.Validating[0].Webhooks[i].ClientConfig.URL = new("https://192.0.2.1:8443/validate")
			}
		})},
	},
	"certificate-trust": {
		{"another authority", func(t *testing.T, f *Facts) { trust(f, issue(t, host, today, today.AddDate(1, 0, 0)).ca) }},
		{"another authority in one, from cert-manager", func(t *testing.T, f *Facts) {
			fromCertManager(f)
			f.Mutating[0].Webhooks[0].ClientConfig.CABundle = issue(t, host, today, today.AddDate(1, 0, 0)).ca
		}},
		{"another name", func(t *testing.T, f *Facts) {
			certify(t, f, issue(t, "moat.elsewhere.svc", today.AddDate(-1, 0, 0), today.AddDate(1, 0, 0)))
		}},
	},
	"cert-manager": {
		{"the Certificate is not ready, and the Issuer not seen", plainly(func(f *Facts) {
			f.Add(&certmanagerv1.Certificate{
				ObjectMeta: metav1.ObjectMeta{Name: "polymoat"},
				Status: certmanagerv1.CertificateStatus{Conditions: []certmanagerv1.CertificateCondition{{
					Type: certmanagerv1.CertificateConditionReady, Status: cmmeta.ConditionFalse, Message: "Issuing certificate as Secret does not exist",
				}}},
			})
			f.Add(&certmanagerv1.Issuer{ObjectMeta: metav1.ObjectMeta{Name: "polymoat-ca"}})
		})},
	},
}

// fromFiles is an installation whose certificate is mounted.
func fromFiles(f *Facts) {
	spec := &f.Deployment.Spec.Template.Spec
	spec.Containers[0].Args = []string{"--cert-source=files", "--webhook-configuration", "polymoat"}
	spec.Volumes = append(spec.Volumes, corev1.Volume{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "polymoat-tls"}}})
}

// fromCertManager is one whose certificate cert-manager makes.
func fromCertManager(f *Facts) {
	fromFiles(f)
	for _, c := range []metav1.Object{f.Mutating[0], f.Validating[0]} {
		c.SetAnnotations(map[string]string{"cert-manager.io/inject-ca-from": "polymoat-system/polymoat"})
	}
}

// validating is a webhook of the validating configuration.
func validating(f *Facts, name string) *admissionregistrationv1.ValidatingWebhook {
	for i := range f.Validating[0].Webhooks {
		if w := &f.Validating[0].Webhooks[i]; w.Name == name {
			return w
		}
	}
	panic("no webhook " + name)
}
