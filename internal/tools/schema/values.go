package main

import (
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Values are what the chart reads. values.yaml holds the default of each.
type Values struct {
	// Policies in force, one for each installation of Polyaxon. A list is replaced as a whole.
	Policies []v1alpha1.PlacementPolicy `json:"policies,omitempty" jsonschema:"minItems=1"`
	// CorePriorityClass is the PriorityClass that the policies name for core.
	CorePriorityClass CorePriorityClass `json:"corePriorityClass,omitzero"`
	// Replicas of the server.
	Replicas int `json:"replicas,omitempty" jsonschema:"minimum=1"`
	// Image of the server.
	Image Image `json:"image,omitzero"`
	// ImagePullSecrets are Secrets of the namespace, by name.
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	// Certificates say where the serving certificate comes from.
	Certificates Certificates `json:"certificates,omitzero"`
	// ClientCA says whose client certificates reviews are taken from.
	ClientCA ClientCA `json:"clientCA,omitzero"`
	// WebhookURL is a server outside of the cluster network that the API server asks in place of the Service:
	// "https://polymoat.example.com:9443". Empty: the Service.
	WebhookURL string `json:"webhookURL,omitempty" jsonschema:"pattern=^(https://[^/?#]+(/[^?#]*)?)?$"`
	// TimeoutSeconds is how long the API server waits for an answer.
	TimeoutSeconds int `json:"timeoutSeconds,omitempty" jsonschema:"minimum=1,maximum=5"`
	// FailurePolicy is what becomes of runs and their workloads while no replica answers: Fail refuses them; Ignore lets
	// them pass, so that nothing is enforced then but by the native twin.
	FailurePolicy string `json:"failurePolicy,omitempty" jsonschema:"enum=Fail,enum=Ignore"`
	// Native is the native twin of the policies.
	Native Native `json:"native,omitzero"`
	// PriorityClassName of the server's pods. Empty: the cluster's default.
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// NodeSelector of the server's pods. Not set: the label of the first protected node pool of the first policy.
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// Tolerations of the server's pods. Not set: those for the taints of that pool.
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
	// Resources of the server's container. Its heap is told the memory limit.
	Resources Resources `json:"resources,omitzero"`
	// ExtraArgs are more flags of the server: "--log-level=debug".
	ExtraArgs []string `json:"extraArgs,omitempty"`
	// CommonAnnotations are on every object of the chart.
	CommonAnnotations map[string]string `json:"commonAnnotations,omitempty"`
	// WebhookAnnotations are on both webhook configurations.
	WebhookAnnotations map[string]string `json:"webhookAnnotations,omitempty"`
	// PodAnnotations are on the server's pods.
	PodAnnotations map[string]string `json:"podAnnotations,omitempty"`
	// Viewers may read the policy in force: subjects of a RoleBinding to the ClusterRole that ends in "-view".
	Viewers []rbacv1.Subject `json:"viewers,omitempty"`
	// NetworkPolicy limits the traffic of the server's pods.
	NetworkPolicy NetworkPolicy `json:"networkPolicy,omitzero"`
	// ServiceMonitor has the Prometheus operator read the metrics.
	ServiceMonitor ServiceMonitor `json:"serviceMonitor,omitzero"`
	// Audit has one replica watch what runs.
	Audit Audit `json:"audit,omitzero"`
	// Events tell the owner of a pod that it was refused: the Operation, or the Deployment.
	Events Events `json:"events,omitzero"`
	// RBAC says where the server may do what only its audit, events and reports need.
	RBAC RBAC `json:"rbac,omitzero"`
	// PrometheusRule brings alerts for the Prometheus operator.
	PrometheusRule PrometheusRule `json:"prometheusRule,omitzero"`
	// Dashboard brings a dashboard for Grafana.
	Dashboard Dashboard `json:"dashboard,omitzero"`
	// Tracing says who gets spans of the reviews that the API server traces.
	Tracing Tracing `json:"tracing,omitzero"`
	// Global is what a chart that has this one as a dependency shares. It is not read.
	Global map[string]any `json:"global,omitempty"`
}

// CorePriorityClass is the PriorityClass that the policies name for core.
type CorePriorityClass struct {
	// Create it, where the cluster has none of that name.
	Create bool `json:"create,omitempty"`
	// Value of one that is made. It cannot be changed later.
	Value int `json:"value,omitempty" jsonschema:"minimum=1000000,maximum=1000000000"`
}

// Image names the server's image: by digest, or by tag.
type Image struct {
	Repository string `json:"repository,omitempty"`
	// Tag. Empty: the chart's appVersion.
	Tag string `json:"tag,omitempty"`
	// Digest takes the place of the tag: "sha256:" and 64 hexadecimal digits.
	Digest     string            `json:"digest,omitempty" jsonschema:"pattern=^(sha256:[0-9a-f]{64})?$"`
	PullPolicy corev1.PullPolicy `json:"pullPolicy,omitempty"`
}

// Certificates say where the serving certificate comes from.
type Certificates struct {
	// Source is auto (cert-manager where the cluster has it, else self-managed), cert-manager, self-managed (the server
	// makes its own) or files (a Secret of yours).
	Source string `json:"source,omitempty" jsonschema:"enum=auto,enum=cert-manager,enum=self-managed,enum=files"`
	// SecretName is the Secret with tls.crt and tls.key. Empty: the release's name and "-tls".
	SecretName string `json:"secretName,omitempty"`
	// CABundle is the authority that signed a certificate of source files, in PEM.
	CABundle string `json:"caBundle,omitempty" jsonschema:"pattern=^\\s*$|-----BEGIN CERTIFICATE-----"`
	// IssuerRef is an issuer of cert-manager. Empty: the chart brings its own.
	IssuerRef IssuerRef `json:"issuerRef,omitzero"`
}

// ClientCA says whose client certificates reviews are taken from.
type ClientCA struct {
	// SecretName is a Secret with ca.crt, the authority in PEM. Empty: anybody may send reviews.
	SecretName string `json:"secretName,omitempty"`
	// Names are the common names that count. Empty: any.
	Names []string `json:"names,omitempty"`
}

// IssuerRef names an issuer of cert-manager.
type IssuerRef struct {
	Name string `json:"name,omitempty"`
	// Kind is Issuer or ClusterIssuer, or that of an external issuer.
	Kind  string `json:"kind,omitempty"`
	Group string `json:"group,omitempty"`
}

// Native is the native twin of the policies, which the chart does not install: kubectl polymoat native.
type Native struct {
	// Installed says that it is there: failurePolicy Ignore is safe then.
	Installed bool `json:"installed,omitempty"`
}

// Resources of a container.
type Resources struct {
	Requests corev1.ResourceList `json:"requests,omitempty"`
	Limits   corev1.ResourceList `json:"limits,omitempty"`
}

// NetworkPolicy lets reviews in from everywhere, and nothing out but to the API server.
type NetworkPolicy struct {
	Enabled bool `json:"enabled,omitempty"`
	// APIServers are the addresses, or blocks of them, that reviews come from; empty: any.
	APIServers []string `json:"apiServers,omitempty"`
	// APIServerPorts are the ports on which pods reach the API server.
	APIServerPorts []int `json:"apiServerPorts,omitempty"`
}

// ServiceMonitor has the Prometheus operator read the metrics.
type ServiceMonitor struct {
	Enabled bool `json:"enabled,omitempty"`
	// Labels by which your Prometheus selects it.
	Labels   map[string]string `json:"labels,omitempty"`
	Interval string            `json:"interval,omitempty"`
}

// Audit has one replica watch the pods of the governed namespaces, and tell in metrics what is not as the policies mean
// it.
type Audit struct {
	Enabled bool `json:"enabled,omitempty"`
	// Reports of OpenReports, one for each workload with findings, where the cluster has that resource.
	Reports bool `json:"reports,omitempty"`
}

// Events tell the owner of a pod that it was refused.
type Events struct {
	Enabled bool `json:"enabled,omitempty"`
}

// RBAC says where the server may do what only its audit, events and reports need.
type RBAC struct {
	// Scope is auto (in the governed namespaces if helm sees all of them, else in the whole cluster), namespaces (which must
	// be there) or cluster.
	Scope string `json:"scope,omitempty" jsonschema:"enum=auto,enum=namespaces,enum=cluster"`
}

// PrometheusRule brings alerts.
type PrometheusRule struct {
	Enabled bool `json:"enabled,omitempty"`
	// Labels by which your Prometheus selects it.
	Labels map[string]string `json:"labels,omitempty"`
}

// Dashboard brings a ConfigMap with a dashboard.
type Dashboard struct {
	Enabled bool `json:"enabled,omitempty"`
	// Labels by which the sidecar of your Grafana finds it.
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations that the sidecar reads, such as that of the folder.
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Tracing says who gets spans of the reviews that the API server traces.
type Tracing struct {
	// Endpoint is an OpenTelemetry collector that takes OTLP over gRPC, without TLS: "collector.monitoring:4317". Empty:
	// nobody.
	Endpoint string `json:"endpoint,omitempty" jsonschema:"pattern=^([^/]+:[0-9]+)?$"`
}
