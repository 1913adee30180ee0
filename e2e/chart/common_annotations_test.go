package chart_test

import (
	"maps"
	"testing"
)

// TestCommonAnnotations: those of all objects are on each, whatever is switched on; those of webhooks and pods are where they
// belong, and what cert-manager needs stays.
func TestCommonAnnotations(t *testing.T) {
	all := render(t, writeValues(t, `
commonAnnotations: {a: all, b: all}
webhookAnnotations: {b: webhooks}
podAnnotations: {c: pods}
certificates: {source: cert-manager}
networkPolicy: {enabled: true}
serviceMonitor: {enabled: true}
prometheusRule: {enabled: true}
dashboard: {enabled: true, annotations: {folder: x}}
viewers: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:authenticated"}]
`))
	for name, o := range all {
		want := map[string]string{"a": "all", "b": "all"}
		switch o.GetKind() {
		case "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration":
			want["b"], want["cert-manager.io/inject-ca-from"] = "webhooks", "polymoat-system/polymoat"
		case "PriorityClass":
			want["helm.sh/resource-policy"] = "keep"
		case "ConfigMap":
			if name == "ConfigMap polymoat-dashboard" {
				want["folder"] = "x"
			}
		}
		if got := o.GetAnnotations(); !maps.Equal(got, want) {
			t.Errorf("%s has annotations %v, want %v", name, got, want)
		}
	}
	if got := all.at(t, deployment, "{.spec.template.metadata.annotations}"); got != `{"c":"pods"}` {
		t.Errorf("pods have annotations %s", got)
	}
	if got := all.at(t, "RoleBinding polymoat-view", "{.roleRef.name} {.subjects[0].name}"); got != "polymoat-view system:authenticated" {
		t.Errorf("viewers are bound to %s", got)
	}
}
