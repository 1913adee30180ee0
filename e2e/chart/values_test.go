package chart_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/e2e/binaries"
	"github.com/polymoat/polymoat/e2e/cluster"
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
			{deployment, "{.spec.replicas}"}:                                                                            "2",
			{deployment, first + ".image}"}:                                                                             "ghcr.io/polymoat/polymoat:0.1.0",
			{deployment, pod + ".priorityClassName}"}:                                                                   "system-cluster-critical",
			{deployment, pod + ".nodeSelector}"}:                                                                        `{"polyaxon":"core"}`,
			{deployment, pod + ".tolerations}"}:                                                                         `[{"effect":"NoSchedule","key":"polyaxon","operator":"Equal","value":"core"}]`,
			{deployment, pod + ".volumes[*].name}"}:                                                                     "policy",
			{"PodDisruptionBudget polymoat", "{.spec.maxUnavailable}"}:                                                  "1",
			{"PriorityClass polyaxon-core", "{.value} {.globalDefault}{.preemptionPolicy}"}:                             "1e+06 ",
			{"PriorityClass polyaxon-core", "{.metadata.annotations}"}:                                                  `{"helm.sh/resource-policy":"keep"}`,
			{validating, "{.webhooks[*].name}"}:                                                                         "validate.polymoat.io core.polymoat.io workloads.polymoat.io",
			{validating, "{.webhooks[*].failurePolicy}"}:                                                                "Fail Ignore Fail",
			{validating, "{.webhooks[*].timeoutSeconds}"}:                                                               "5 5 5",
			{validating, "{.webhooks[*].sideEffects}"}:                                                                  "NoneOnDryRun NoneOnDryRun None",
			{validating, "{.webhooks[*].clientConfig.service.path}"}:                                                    "/validate /validate/core /workloads",
			{validating, "{.webhooks[*].clientConfig.caBundle}"}:                                                        "",
			{"MutatingWebhookConfiguration polymoat", "{.webhooks[*].failurePolicy} {.webhooks[*].reinvocationPolicy}"}: "Ignore Ignore IfNeeded IfNeeded",
		}},
		{"an image by digest", "image: {repository: registry.example.com/polymoat, tag: ignored, digest: 'sha256:" + strings.Repeat("0a", 32) + "'}", map[[2]string]string{
			{deployment, first + ".image}"}: "registry.example.com/polymoat@sha256:" + strings.Repeat("0a", 32),
		}},
		{"nodes of its own", "{nodeSelector: {disk: ssd}, tolerations: [], priorityClassName: ''}", map[[2]string]string{
			{deployment, pod + ".nodeSelector}"}:      `{"disk":"ssd"}`,
			{deployment, pod + ".tolerations}"}:       "[]",
			{deployment, pod + ".priorityClassName}"}: "",
		}},
		{"another value for core", "corePriorityClass: {value: 5000000}", map[[2]string]string{
			{"PriorityClass polyaxon-core", "{.value}"}: "5e+06",
		}},
		{"any node", "nodeSelector: {}", map[[2]string]string{
			{deployment, pod + ".nodeSelector}"}: "{}",
		}},
		{"more memory", "resources: {limits: {memory: 1Gi}}", map[[2]string]string{
			{deployment, first + ".resources}"}: `{"limits":{"memory":"1Gi"},"requests":{"cpu":"100m","memory":"64Mi"}}`,
			{deployment, first + ".env}"}:       `[{"name":"GOGC","value":"200"},{"name":"GOMEMLIMIT","value":"921MiB"}]`,
		}},
		{"no memory limit", "resources: {limits: {memory: null}}", map[[2]string]string{
			{deployment, first + ".env}"}: `[{"name":"GOGC","value":"200"}]`,
		}},
		{"a memory limit in bytes", "resources: {limits: {memory: '300000000'}}", map[[2]string]string{
			{deployment, first + ".env[1]}"}: `{"name":"GOMEMLIMIT","valueFrom":{"resourceFieldRef":{"resource":"limits.memory"}}}`,
		}},
		{"a server outside", "webhookURL: https://polymoat.example.com:9443/", map[[2]string]string{
			{validating, "{.webhooks[*].clientConfig.url}"}:     "https://polymoat.example.com:9443/validate https://polymoat.example.com:9443/validate/core https://polymoat.example.com:9443/workloads",
			{validating, "{.webhooks[*].clientConfig.service}"}: "",
			{deployment, first + ".args[7]}"}:                   "--dns-name=polymoat.example.com",
		}},
		{"self-managed certificates", "certificates: {source: self-managed, secretName: pair}", map[[2]string]string{
			{deployment, first + ".args[5:]}"}: "--cert-source=self-managed --cert-secret=polymoat-system/pair --dns-name=polymoat.polymoat-system.svc --audit-lease=polymoat-system/polymoat-audit --audit-reports=true --events=true",
			{"Secret pair", "{.data}"}:         "",
		}},
		{"no audit and no events", "{audit: {enabled: false}, events: {enabled: false}, certificates: {source: files, secretName: pair}}", map[[2]string]string{
			{deployment, first + ".args[5:]}"}:                "--cert-source=files --cert-dir=/etc/polymoat/tls",
			{validating, "{.webhooks[*].sideEffects}"}:        "None None None",
			{"ClusterRole polymoat", "{.rules[*].resources}"}: `["nodes"] ["deployments","replicasets","statefulsets","daemonsets"] ["jobs"] ["operations"] ["jobs","services","kfjobs","clusters"] ["priorityclasses"] ["subjectaccessreviews"] ["tokenreviews"] ["mutatingwebhookconfigurations","validatingwebhookconfigurations"]`,
		}},
		{"an audit that only counts", "{audit: {reports: false}, events: {enabled: false}}", map[[2]string]string{
			{deployment, first + ".args[8:]}"}:                         "--audit-lease=polymoat-system/polymoat-audit",
			{"ClusterRole polymoat-governed", "{.rules[*].resources}"}: `["pods","persistentvolumeclaims"]`,
		}},
		{"events without an audit", "audit: {enabled: false}", map[[2]string]string{
			{deployment, first + ".args[8:]}"}: "--events=true",
			{"ClusterRole polymoat-governed", "{.rules[*].resources}"}: `["pods","persistentvolumeclaims"] ["tfjobs","pytorchjobs","mpijobs","mxjobs","xgboostjobs","paddlejobs"] ["rayjobs","rayservices","rayclusters"] ["daskjobs","daskclusters","daskworkergroups"] ` +
				`["events"]`,
		}},
		{"callers with a client certificate", "clientCA: {secretName: callers, names: [kube-apiserver]}", map[[2]string]string{
			{deployment, first + ".args[8:]}"}:                             "--client-ca-file=/etc/polymoat/client-ca/ca.crt --client-name=kube-apiserver --audit-lease=polymoat-system/polymoat-audit --audit-reports=true --events=true",
			{deployment, first + ".volumeMounts[*].mountPath}"}:            "/etc/polymoat/policy /etc/polymoat/client-ca",
			{deployment, pod + ".volumes[?(@.name=='client-ca')].secret}"}: `{"items":[{"key":"ca.crt","path":"ca.crt"}],"secretName":"callers"}`,
		}},
		{"certificates in files", "certificates: {source: files, secretName: pair, caBundle: '-----BEGIN CERTIFICATE-----'}", map[[2]string]string{
			{deployment, first + ".args[5:]}"}:                       "--cert-source=files --cert-dir=/etc/polymoat/tls --audit-lease=polymoat-system/polymoat-audit --audit-reports=true --events=true",
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
			{"NetworkPolicy polymoat", "{.spec.ingress} {.spec.egress}"}: `[{"ports":[{"port":9443,"protocol":"TCP"}]},{"ports":[{"port":8081,"protocol":"TCP"},{"port":8443,"protocol":"TCP"}]}] [{"ports":[{"port":6443,"protocol":"TCP"}]}]`,
		}},
		{"reviews from known addresses", "networkPolicy: {apiServers: [10.0.0.1, 10.0.1.0/28, 'fd00::1']}", map[[2]string]string{
			{"NetworkPolicy polymoat", "{.spec.ingress[0].from[*].ipBlock.cidr}"}: "10.0.0.1/32 10.0.1.0/28 fd00::1/128",
		}},
		{"traces", "{tracing: {endpoint: 'collector.monitoring:4317'}, networkPolicy: {enabled: true}}", map[[2]string]string{
			{deployment, first + ".args[8:]}"}:           "--audit-lease=polymoat-system/polymoat-audit --audit-reports=true --events=true --tracing-endpoint=collector.monitoring:4317",
			{"NetworkPolicy polymoat", "{.spec.egress}"}: `[{"ports":[{"port":443,"protocol":"TCP"},{"port":6443,"protocol":"TCP"}]},{"ports":[{"port":4317,"protocol":"TCP"},{"port":53,"protocol":"UDP"},{"port":53,"protocol":"TCP"}]}]`,
		}},
		{"service monitor", "{serviceMonitor: {enabled: true, labels: {release: prometheus}}, certificates: {source: self-managed}}", map[[2]string]string{
			{"ServiceMonitor polymoat", "{.metadata.labels.release}"}:                                     "prometheus",
			{"ServiceMonitor polymoat", "{.spec.endpoints[0].tlsConfig}"}:                                 `{"ca":{"secret":{"key":"ca.crt","name":"polymoat-tls"}},"serverName":"polymoat.polymoat-system.svc"}`,
			{"ServiceMonitor polymoat", "{.spec.endpoints[0].port} {.spec.endpoints[0].bearerTokenFile}"}: "metrics /var/run/secrets/kubernetes.io/serviceaccount/token",
			{"ServiceMonitor polymoat", "{.spec.selector.matchLabels.*}"}:                                 "polymoat polymoat",
			{"Service polymoat", "{.spec.ports[0].name}{.metadata.labels.app\\.kubernetes\\.io/name}"}:    "httpspolymoat",
		}},
		{"nobody waits while nobody answers", "failurePolicy: Ignore", map[[2]string]string{
			{validating, "{.webhooks[*].failurePolicy}"}: "Ignore Ignore Ignore",
		}},
		{"core waits as well", "policies: [" + small("a", "one", "coreFailurePolicy: Fail") + "]", map[[2]string]string{
			{validating, "{.webhooks[*].name}"}:                    "validate.polymoat.io workloads.polymoat.io",
			{validating, "{.webhooks[0].matchConditions[*].name}"}: "not-a-status-by-kubernetes not-an-eviction not-bound-by-kube-scheduler",
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

// TestClassOfCore: the chart makes the class that a policy names, unless it is Kubernetes' own or the chart is told not to.
func TestClassOfCore(t *testing.T) {
	for values, want := range map[string]string{
		"policies: [" + small("a", "one", "corePriorityClassName: mine") + ", " + small("b", "two", "corePriorityClassName: mine") + "]": "mine",
		"policies: [" + small("a", "one", "corePriorityClassName: system-cluster-critical") + "]":                                        "",
		"policies: [" + small("a", "one", "release: a") + "]":                                                                            "",
		"corePriorityClass: {create: false}":                                                                                             "",
	} {
		got := ""
		for name := range render(t, writeValues(t, values)) {
			if class, ok := strings.CutPrefix(name, "PriorityClass "); ok {
				got += class
			}
		}
		if got != want {
			t.Errorf("%s: %q is made, not %q", values, got, want)
		}
	}
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

// TestScope: rights that a decision about nodes does not need are bound where rbac.scope says. helm template asks no cluster.
func TestScope(t *testing.T) {
	two := "policies: [" + small("a", "one", "release: a") + ", " + small("b", "two", "release: b") + "]"
	for _, tc := range []struct {
		values       string
		wide, narrow []string
	}{
		{"{" + two + "}", []string{""}, nil},
		{"{rbac: {scope: cluster}, " + two + "}", []string{""}, nil},
		{"{rbac: {scope: namespaces}, " + two + "}", nil, []string{"one", "two"}},
		{"{audit: {enabled: false}, events: {enabled: false}, " + two + "}", []string{""}, nil},
	} {
		text, err := helm.Render(t.Context(), "polymoat", "polymoat-system", writeValues(t, tc.values))
		if err != nil {
			t.Fatal(err)
		}
		list, err := cluster.Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		namespaces := map[string][]string{}
		for _, object := range list {
			if object.GetName() == "polymoat-governed" {
				namespaces[object.GetKind()] = append(namespaces[object.GetKind()], object.GetNamespace())
			}
		}
		if !slices.Equal(namespaces["ClusterRoleBinding"], tc.wide) || !slices.Equal(namespaces["RoleBinding"], tc.narrow) {
			t.Errorf("%s: %q", tc.values, namespaces)
		}
	}
}

// TestOwnAccountIsHeld: a server that may patch its webhooks is held to caBundle by a policy; one that may not needs none.
func TestOwnAccountIsHeld(t *testing.T) {
	const policy = "ValidatingAdmissionPolicy polymoat"
	for source, want := range map[string]string{"self-managed": "list watch patch", "cert-manager": "list watch", "files": "list watch"} {
		all := render(t, "--set=certificates.source="+source)
		if got := all.at(t, "ClusterRole polymoat", "{.rules[?(@.resourceNames)].verbs[*]}"); got != want {
			t.Errorf("%s: it may %s, want %s", source, got, want)
		}
		if got := all[policy] != nil && all["ValidatingAdmissionPolicyBinding polymoat"] != nil; got != (source == "self-managed") {
			t.Errorf("%s: a policy: %t", source, got)
		}
	}
	all := render(t, "--set=certificates.source=self-managed")
	if got := all.at(t, policy, "{.spec.matchConditions[0].expression}"); got != `request.userInfo.username == "system:serviceaccount:polymoat-system:polymoat"` {
		t.Errorf("it holds %s", got)
	}
}

// TestServerTakesItsArguments: what the Deployment passes is what the program of this checkout accepts.
func TestServerTakesItsArguments(t *testing.T) {
	program, err := binaries.Polymoat(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"files", "cert-manager", "self-managed"} {
		args := strings.Fields(render(t, "--set=certificates.source="+source, "--set=clientCA.secretName=authorities,clientCA.names={kube-apiserver},tracing.endpoint=collector:4317").
			at(t, deployment, first+".args[*]}"))
		if out, err := exec.CommandContext(t.Context(), program, append(args, "--version")...).CombinedOutput(); err != nil || len(args) < 3 {
			t.Errorf("%s: %q: %v: %s", source, args, err, out)
		}
	}
}

func TestLint(t *testing.T) {
	for _, args := range [][]string{
		nil,
		{"--set=certificates.source=cert-manager,networkPolicy.enabled=true,serviceMonitor.enabled=true,prometheusRule.enabled=true,dashboard.enabled=true"},
		{"--set=certificates.source=files", "--set=webhookURL=https://polymoat.example.com"},
	} {
		if _, err := helm.Run(t.Context(), append([]string{"lint", "--strict", helm.Dir, "--namespace", "polymoat-system"}, args...)...); err != nil {
			t.Error(err)
		}
	}
}
