package webhook

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/polymoat/polymoat/certs"
)

// Options say where a server listens and what it reads. The policy says what it decides.
type Options struct {
	Port           uint16 // reviews, over TLS
	Cluster        bool   // look at the nodes of a cluster and at Polyaxon's resources, and ask its RBAC who is trusted with core
	Kubeconfig     string // empty: the service account of the pod
	MetricsAddress string // "HOST:PORT" for /metrics; empty: nowhere
	MetricsOpen    bool   // serve metrics without TLS and to anybody, not to those only that RBAC lets read them
	ProbeAddress   string // "HOST:PORT" for /healthz and /readyz without TLS; empty: nowhere
	Certificate    Certificate
	// WebhookConfiguration is the name of the mutating and of the validating configuration through which we are asked.
	WebhookConfiguration string
	// AuditLease is the Lease by which the replicas agree who audits what runs; its zero value: nobody does.
	AuditLease types.NamespacedName
	// AuditReports has the replica that audits write reports of OpenReports, where the cluster has them.
	AuditReports bool
	// Events tell the owner of a pod that it was refused.
	Events bool
	// ClientCAFile holds the authorities of whoever may send reviews, in PEM; empty: anybody may.
	ClientCAFile string
	// ClientNames are the common names of their certificates; empty: any.
	ClientNames []string
	// TracingEndpoint is the collector that gets spans over OTLP/gRPC, "HOST:PORT"; empty: nobody does.
	TracingEndpoint string
	// InFlight is how many bytes of reviews there may be at once, to wait and to be decided; 0: 32 MiB.
	InFlight int64
	// ShutdownDelay is how long a server that was told to stop goes on serving, not ready, until no one sends it more.
	ShutdownDelay time.Duration
	// ShutdownTimeout is how long it then waits for what is in flight. The last spans take two seconds more at most.
	ShutdownTimeout time.Duration
}

// Certificate says where the serving certificate comes from.
type Certificate struct {
	Source certs.Source
	// Dir holds tls.crt and tls.key, for certs.Files.
	Dir string
	// Secret and DNSNames are where the pair is kept and what it is made for, for certs.SelfManaged.
	Secret   types.NamespacedName
	DNSNames []string
}
