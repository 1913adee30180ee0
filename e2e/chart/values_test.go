package chart_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// writeValues writes values to a file and returns the flag that names it.
func writeValues(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return "--values=" + path
}

const (
	deployment = "Deployment polymoat"
	validating = "ValidatingWebhookConfiguration polymoat"
	pod        = "{.spec.template.spec"
	first      = pod + ".containers[0]"
)

// TestValues: what each value does.
func TestValues(t *testing.T) {
	for _, tc := range []struct {
		name, values string
		want         map[[2]string]string // object and path to text
	}{
		{"none", "", map[[2]string]string{
			{deployment, "{.spec.replicas}"}:                           "2",
			{deployment, first + ".image}"}:                            "ghcr.io/polymoat/polymoat:0.1.0",
			{deployment, pod + ".priorityClassName}"}:                  "system-cluster-critical",
			{deployment, pod + ".nodeSelector}"}:                       `{"polyaxon":"core"}`,
			{deployment, pod + ".tolerations}"}:                        `[{"effect":"NoSchedule","key":"polyaxon","operator":"Equal","value":"core"}]`,
			{deployment, pod + ".volumes[*].name}"}:                    "policy",
			{"PodDisruptionBudget polymoat", "{.spec.maxUnavailable}"}: "1",
			{validating, "{.webhooks[*].name}"}:                        "validate.polymoat.io core.polymoat.io workloads.polymoat.io",
			{validating, "{.webhooks[*].failurePolicy}"}:               "Fail Ignore Fail",
			{validating, "{.webhooks[*].timeoutSeconds}"}:              "5 5 5",
			{validating, "{.webhooks[*].clientConfig.service.path}"}:   "/validate /validate /workloads",
			{validating, "{.webhooks[*].clientConfig.caBundle}"}:       "",
			{"MutatingWebhookConfiguration polymoat", "{.webhooks[*].failurePolicy} {.webhooks[*].reinvocationPolicy}"}: "Ignore IfNeeded",
		}},
		{"an image by digest", "image: {repository: registry.example.com/polymoat, tag: ignored, digest: 'sha256:" + strings.Repeat("0a", 32) + "'}", map[[2]string]string{
			{deployment, first + ".image}"}: "registry.example.com/polymoat@sha256:" + strings.Repeat("0a", 32),
		}},
		{"nodes of its own", "{nodeSelector: {disk: ssd}, tolerations: [], priorityClassName: ''}", map[[2]string]string{
			{deployment, pod + ".nodeSelector}"}:      `{"disk":"ssd"}`,
			{deployment, pod + ".tolerations}"}:       "[]",
			{deployment, pod + ".priorityClassName}"}: "",
		}},
		{"any node", "nodeSelector: {}", map[[2]string]string{
			{deployment, pod + ".nodeSelector}"}: "{}",
		}},
		{"more memory", "resources: {limits: {memory: 1Gi}}", map[[2]string]string{
			{deployment, first + ".resources}"}: `{"limits":{"memory":"1Gi"},"requests":{"cpu":"100m","memory":"64Mi"}}`,
			{deployment, first + ".env}"}:       `[{"name":"GOMEMLIMIT","valueFrom":{"resourceFieldRef":{"resource":"limits.memory"}}}]`,
		}},
		{"no memory limit", "resources: {limits: {memory: null}}", map[[2]string]string{
			{deployment, first + ".env}"}: "",
		}},
		{"a server outside", "webhookURL: https://polymoat.example.com:9443/", map[[2]string]string{
			{validating, "{.webhooks[*].clientConfig.url}"}:     "https://polymoat.example.com:9443/validate https://polymoat.example.com:9443/validate https://polymoat.example.com:9443/workloads",
			{validating, "{.webhooks[*].clientConfig.service}"}: "",
			{deployment, first + ".args[5]}"}:                   "--dns-name=polymoat.example.com",
		}},
		{"self-managed certificates", "certificates: {source: self-managed, secretName: pair}", map[[2]string]string{
			{deployment, first + ".args[3:]}"}: "--cert-source=self-managed --cert-secret=polymoat-system/pair --dns-name=polymoat.polymoat-system.svc",
			{"Secret pair", "{.data}"}:         "",
		}},
		{"certificates in files", "certificates: {source: files, secretName: pair, caBundle: '-----BEGIN CERTIFICATE-----'}", map[[2]string]string{
			{deployment, first + ".args[3:]}"}:                       "--cert-source=files --cert-dir=/etc/polymoat/tls",
			{deployment, pod + ".volumes[?(@.name=='tls')].secret}"}: `{"secretName":"pair"}`,
			{validating, "{.webhooks[*].clientConfig.caBundle}"}:     "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t",
		}},
		{"certificates of cert-manager", "certificates: {source: cert-manager}", map[[2]string]string{
			{validating, "{.metadata.annotations}"}:                              `{"cert-manager.io/inject-ca-from":"polymoat-system/polymoat"}`,
			{"MutatingWebhookConfiguration polymoat", "{.metadata.annotations}"}: `{"cert-manager.io/inject-ca-from":"polymoat-system/polymoat"}`,
			{"Certificate polymoat", "{.spec.dnsNames[*]} {.spec.issuerRef}"}:    `polymoat.polymoat-system.svc {"kind":"Issuer","name":"polymoat-ca"}`,
			{"Issuer polymoat-ca", "{.spec.ca.secretName}"}:                      "polymoat-ca",
			{"Certificate polymoat-ca", "{.spec.isCA} {.spec.secretName}"}:       "true polymoat-ca",
		}},
		{"an issuer of the user's", "{certificates: {source: cert-manager, issuerRef: {kind: ClusterIssuer, name: vault}}, webhookURL: 'https://10.0.0.1'}", map[[2]string]string{
			{"Certificate polymoat", "{.spec.ipAddresses[*]} {.spec.issuerRef}"}: `10.0.0.1 {"kind":"ClusterIssuer","name":"vault"}`,
		}},
		{"network policy", "networkPolicy: {enabled: true, apiServerPorts: [6443]}", map[[2]string]string{
			{"NetworkPolicy polymoat", "{.spec.ingress} {.spec.egress}"}: `[{"ports":[{"port":9443,"protocol":"TCP"}]}] [{"ports":[{"port":6443,"protocol":"TCP"}]}]`,
		}},
		{"service monitor", "{serviceMonitor: {enabled: true, labels: {release: prometheus}}, certificates: {source: self-managed}}", map[[2]string]string{
			{"ServiceMonitor polymoat", "{.metadata.labels.release}"}:                                  "prometheus",
			{"ServiceMonitor polymoat", "{.spec.endpoints[0].tlsConfig}"}:                              `{"ca":{"secret":{"key":"ca.crt","name":"polymoat-tls"}},"serverName":"polymoat.polymoat-system.svc"}`,
			{"ServiceMonitor polymoat", "{.spec.selector.matchLabels.*}"}:                              "polymoat polymoat",
			{"Service polymoat", "{.spec.ports[0].name}{.metadata.labels.app\\.kubernetes\\.io/name}"}: "httpspolymoat",
		}},
		{"core waits as well", "policies: [" + small("a", "one", "coreFailurePolicy: Fail") + "]", map[[2]string]string{
			{validating, "{.webhooks[*].name}"}:                    "validate.polymoat.io workloads.polymoat.io",
			{validating, "{.webhooks[0].matchConditions[*].name}"}: "a-status-changes-metadata",
		}},
		{"one policy of two has core wait", "policies: [" + small("a", "one", "coreFailurePolicy: Fail") + ", " + small("b", "two", "release: b") + "]", map[[2]string]string{
			{validating, "{.webhooks[*].namespaceSelector.matchExpressions[0].values}"}: `["one","two"] ["two"] ["one","two"]`,
		}},
		{"a policy with core's signals replaced", "policies: [" + small("a", "one", "roles: [{name: core, match: {mode: Replace, any: [{labels: {a: b}}]}}]") + "]", map[[2]string]string{
			{validating, "{.webhooks[*].name}"}: "validate.polymoat.io workloads.polymoat.io",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			all := render(t, writeValues(t, tc.values))
			for at, want := range tc.want {
				if got := all.at(t, at[0], at[1]); got != want {
					t.Errorf("%s %s is %s, want %s", at[0], at[1], got, want)
				}
			}
		})
	}
}

// small is a policy in one line, with one more field of its spec.
func small(name, namespace, field string) string {
	return "{metadata: {name: " + name + "}, spec: {namespaces: [" + namespace + "], " + field +
		", nodePools: [{name: core, nodeLabel: {key: polyaxon, value: core}, protected: true}]}}"
}

// TestCertManagerIsFound: source auto asks the cluster.
func TestCertManagerIsFound(t *testing.T) {
	if all := render(t); all["Secret polymoat-tls"] == nil || all["Certificate polymoat"] != nil {
		t.Error("without cert-manager certificates are not self-managed")
	}
	if all := render(t, "--api-versions=cert-manager.io/v1"); all["Secret polymoat-tls"] != nil || all["Certificate polymoat"] == nil {
		t.Error("with cert-manager certificates are not its own")
	}
}

// TestRefusedValues: what is wrong is said before anything reaches a cluster, by place.
func TestRefusedValues(t *testing.T) {
	const never = `is never governed: the cluster and polymoat itself must start without polymoat; remove it, or install polymoat into a namespace of its own with --namespace polymoat-system`
	policy := func(field string) string { return "policies: [" + small("a", "one", field) + "]" }
	for name, tc := range map[string]struct{ values, want string }{
		"an unknown key":           {"replica: 3", "- at '': additional properties 'replica' not allowed"},
		"a timeout of 30 s":        {"timeoutSeconds: 30", "- at '/timeoutSeconds': maximum: got 30, want 5"},
		"an unknown source":        {"certificates: {source: vault}", "- at '/certificates/source': value must be one of 'auto', 'cert-manager', 'self-managed', 'files'"},
		"a bundle in base64":       {"certificates: {caBundle: LS0tLS1C}", `- at '/certificates/caBundle': 'LS0tLS1C' does not match pattern '^\\s*$|-----BEGIN CERTIFICATE-----'`},
		"a server without TLS":     {"webhookURL: http://polymoat", "- at '/webhookURL': 'http://polymoat' does not match pattern '^(https://[^/?#]+(/[^?#]*)?)?$'"},
		"no policy":                {"policies: []", "- at '/policies': minItems: got 0, want 1"},
		"an unknown field":         {policy("relase: b"), "- at '/policies/0/spec': additional properties 'relase' not allowed"},
		"an unknown standard":      {policy("roles: [{name: jobs, podSecurity: Baseline}]"), "- at '/policies/0/spec/roles/0/podSecurity': value must be one of 'privileged', 'baseline', 'restricted'"},
		"an unknown effect":        {policy("roles: [{name: jobs, tolerations: [{key: a, effect: Never}]}]"), "- at '/policies/0/spec/roles/0/tolerations/0/effect': value must be one of 'NoSchedule', 'PreferNoSchedule', 'NoExecute'"},
		"a text for a number":      {policy("defaults: {podSecurityContext: {runAsUser: root}}"), "- at '/policies/0/spec/defaults/podSecurityContext/runAsUser': got string, want integer"},
		"an unknown answer":        {policy("coreFailurePolicy: Open"), "- at '/policies/0/spec/coreFailurePolicy': value must be one of 'Ignore', 'Fail'"},
		"another kind":             {"policies: [{kind: Policy, metadata: {name: a}, spec: {namespaces: [b], nodePools: [{name: c, nodeLabel: {key: d, value: e}}]}}]", "- at '/policies/0/kind': value must be 'PlacementPolicy'"},
		"no namespace":             {"policies: [" + small("a", "", "release: b") + "]", "- at '/policies/0/spec/namespaces': minItems: got 0, want 1"},
		"polymoat's own namespace": {"policies: [" + small("a", "polymoat-system", "release: b") + "]", `policies[0].spec.namespaces[0]: "polymoat-system" ` + never},
		"the cluster's namespace":  {"policies: [" + small("a", "b, kube-system", "release: b") + "]", `policies[0].spec.namespaces[1]: "kube-system" ` + never},
		"two policies of one name": {"policies: [" + small("a", "b", "release: b") + ", " + small("a", "c", "release: c") + "]", `policies[1].metadata.name: "a" names an earlier policy, too; rename one`},
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

// TestDefaultPolicy: the chart installs the built-in policy, and what it installs loads.
func TestDefaultPolicy(t *testing.T) {
	all := render(t)
	name := all.at(t, deployment, pod+".volumes[?(@.name=='policy')].configMap.name}")
	got, err := v1alpha1.Load("polyaxon.yaml", []byte(all.at(t, "ConfigMap "+name, `{.data.polyaxon\.yaml}`)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v1alpha1.Default(), got); diff != "" {
		t.Errorf("the chart's policy (-built-in +chart):\n%s", diff)
	}
}

// TestAnotherPolicyIsAnotherConfigMap: that rolls the pods, and leaves those that were there alone.
func TestAnotherPolicyIsAnotherConfigMap(t *testing.T) {
	names := map[string]bool{}
	for _, policies := range []string{
		small("a", "one", "release: b"), small("a", "one", "release: c"), small("b", "one", "release: b"),
		small("a", "one", "release: b") + ", " + small("b", "two", "release: b"),
	} {
		all := render(t, writeValues(t, "policies: ["+policies+"]"))
		name := all.at(t, deployment, pod+".volumes[?(@.name=='policy')].configMap.name}")
		if all.at(t, "ConfigMap "+name, "{.immutable}") != "true" || names[name] {
			t.Errorf("ConfigMap %s", name)
		}
		names[name] = true
	}
}

// TestPoliciesOfTheCorpus: the schema refuses nothing that the server takes, and the templates change nothing.
func TestPoliciesOfTheCorpus(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "internal", "corpus", "testdata", "policies", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d policies: %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := v1alpha1.Load(file, text)
		if err != nil {
			t.Fatal(err)
		}
		document, err := yaml.YAMLToJSON(text)
		if err != nil {
			t.Fatal(err)
		}
		all := render(t, writeValues(t, "policies: ["+string(document)+"]"))
		name := all.at(t, deployment, pod+".volumes[?(@.name=='policy')].configMap.name}")
		got, err := v1alpha1.Load(file, []byte(all.at(t, "ConfigMap "+name, fmt.Sprintf(`{.data.%s\.yaml}`, want.Metadata.Name))))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// TestNumbersSurvive: uids of OpenShift have ten digits, which helm knows as floating-point numbers.
func TestNumbersSurvive(t *testing.T) {
	all := render(t, writeValues(t, "policies: ["+small("a", "one", "defaults: {podSecurityContext: {runAsUser: 1000660000}}")+"]"))
	name := all.at(t, deployment, pod+".volumes[?(@.name=='policy')].configMap.name}")
	p, err := v1alpha1.Load("a.yaml", []byte(all.at(t, "ConfigMap "+name, `{.data.a\.yaml}`)))
	if err != nil {
		t.Fatal(err)
	}
	if got := *p.Spec.Defaults.PodSecurityContext.RunAsUser; got != 1000660000 {
		t.Errorf("the uid is %d", got)
	}
}

// TestAlertsUseMetricsThatAreThere: an alert on another name would never fire.
func TestAlertsUseMetricsThatAreThere(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(root, "webhook", "metrics.go"))
	if err != nil {
		t.Fatal(err)
	}
	rules := render(t, "--set=prometheusRule.enabled=true").at(t, "PrometheusRule polymoat", "{.spec.groups[*].rules[*].expr}")
	found := regexp.MustCompile(`polymoat_\w+`).FindAllString(rules, -1)
	if len(found) < 4 {
		t.Errorf("the rules read only %q", found)
	}
	for _, metric := range found {
		if !strings.Contains(string(source), `"`+strings.TrimSuffix(metric, "_bucket")+`"`) {
			t.Errorf("no metric is called %s", metric)
		}
	}
}

func TestLint(t *testing.T) {
	for _, args := range [][]string{
		nil,
		{"--set=certificates.source=cert-manager,networkPolicy.enabled=true,serviceMonitor.enabled=true,prometheusRule.enabled=true"},
		{"--set=certificates.source=files", "--set=webhookURL=https://polymoat.example.com"},
	} {
		if _, err := helm.Run(t.Context(), append([]string{"lint", "--strict", helm.Dir, "--namespace", "polymoat-system"}, args...)...); err != nil {
			t.Error(err)
		}
	}
}
