package chart_test

import (
	"strings"
	"testing"
)

// TestRefusedValues: what is wrong is said before anything reaches a cluster, by place.
func TestRefusedValues(t *testing.T) {
	const never = `is never governed: the cluster and polymoat itself must start without polymoat; remove it, or install polymoat into a namespace of its own with --namespace polymoat-system`
	policy := func(field string) string { return "policies: [" + small("a", "one", field) + "]" }
	for name, tc := range map[string]struct{ values, want string }{
		"an unknown key":            {"replica: 3", "- at '': additional properties 'replica' not allowed"},
		"a timeout of 30 s":         {"timeoutSeconds: 30", "- at '/timeoutSeconds': maximum: got 30, want 5"},
		"an unknown failure policy": {"failurePolicy: Open", "- at '/failurePolicy': value must be one of 'Fail', 'Ignore'"},
		"an unknown source":         {"certificates: {source: vault}", "- at '/certificates/source': value must be one of 'auto', 'cert-manager', 'self-managed', 'files'"},
		"an unknown scope":          {"rbac: {scope: namespace}", "- at '/rbac/scope': value must be one of 'auto', 'namespaces', 'cluster'"},
		"a bundle in base64":        {"certificates: {caBundle: LS0tLS1C}", `- at '/certificates/caBundle': 'LS0tLS1C' does not match pattern '^\\s*$|-----BEGIN CERTIFICATE-----'`},
		"a server without TLS":      {"webhookURL: http://polymoat", "- at '/webhookURL': 'http://polymoat' does not match pattern '^(https://[^/?#]+(/[^?#]*)?)?$'"},
		"a collector by URL":        {"tracing: {endpoint: 'http://collector:4317'}", `- at '/tracing/endpoint': 'http://collector:4317' does not match pattern '^([^/]+:[0-9]+)?$'`},
		"no policy":                 {"policies: []", "- at '/policies': minItems: got 0, want 1"},
		"an unknown field":          {policy("relase: b"), "- at '/policies/0/spec': additional properties 'relase' not allowed"},
		"an unknown standard":       {policy("roles: [{name: jobs, podSecurity: Baseline}]"), "- at '/policies/0/spec/roles/0/podSecurity': value must be one of 'privileged', 'baseline', 'restricted'"},
		"an unknown effect":         {policy("roles: [{name: jobs, tolerations: [{key: a, effect: Never}]}]"), "- at '/policies/0/spec/roles/0/tolerations/0/effect': value must be one of 'NoSchedule', 'PreferNoSchedule', 'NoExecute'"},
		"a text for a number":       {policy("defaults: {podSecurityContext: {runAsUser: root}}"), "- at '/policies/0/spec/defaults/podSecurityContext/runAsUser': got string, want integer"},
		"an unknown answer":         {policy("coreFailurePolicy: Open"), "- at '/policies/0/spec/coreFailurePolicy': value must be one of 'Ignore', 'Fail'"},
		"another kind":              {"policies: [{kind: Policy, metadata: {name: a}, spec: {namespaces: [b], nodePools: [{name: c, nodeLabel: {key: d, value: e}}]}}]", "- at '/policies/0/kind': value must be 'PlacementPolicy'"},
		"no namespace":              {"policies: [" + small("a", "", "release: b") + "]", "- at '/policies/0/spec/namespaces': minItems: got 0, want 1"},
		"polymoat's own namespace":  {"policies: [" + small("a", "polymoat-system", "release: b") + "]", `policies[0].spec.namespaces[0]: "polymoat-system" ` + never},
		"the cluster's namespace":   {"policies: [" + small("a", "b, kube-system", "release: b") + "]", `policies[0].spec.namespaces[1]: "kube-system" ` + never},
		"an unknown pool":           {policy("roles: [{name: jobs, nodePools: [core, gpu]}]"), `policies[0].spec.roles[0].nodePools[1]: "gpu" is no node pool of the policy; name one of ["core"]`},
		"two policies of one name":  {"policies: [" + small("a", "b", "release: b") + ", " + small("a", "c", "release: c") + "]", `policies[1].metadata.name: "a" names an earlier policy, too; rename one`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := helm.Render(t.Context(), "polymoat", "polymoat-system", writeValues(t, tc.values))
			if err == nil {
				t.Fatal("it was rendered")
			}
			text := strings.TrimSuffix(strings.TrimSpace(err.Error()), "\n\nUse --debug flag to render out invalid YAML")
			lines := strings.Split(text, "\n")
			if got := strings.TrimSpace(lines[len(lines)-1]); got != tc.want {
				t.Errorf("(-want +got)\n-%s\n+%s\n%s", tc.want, got, err)
			}
		})
	}
}
