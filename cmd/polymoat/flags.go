package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"github.com/polymoat/polymoat/certs"
	"github.com/polymoat/polymoat/webhook"
)

// addTLSFlags adds the flags that say which certificate is shown to the API server, and which one it must show.
func addTLSFlags(flags *pflag.FlagSet, o *webhook.Options) {
	c := &o.Certificate
	c.Source, c.Secret = certs.Files, types.NamespacedName{Namespace: "polymoat-system", Name: "polymoat-tls"}
	flags.Var(&c.Source, "cert-source", "files: of --cert-dir, which cert-manager or a person writes; self-managed: made, renewed and told to the webhook configurations by polymoat")
	flags.StringVar(&c.Dir, "cert-dir", certs.DefaultDir(), "files: folder with tls.crt and tls.key, read again when they change; a self-signed pair is made where neither is there")
	flags.Var((*objectName)(&c.Secret), "cert-secret", "self-managed: the Secret that keeps the pair")
	flags.StringArrayVar(&c.DNSNames, "dns-name", []string{certs.Service}, "self-managed: a name or address that the certificate is for; repeatable")
	flags.StringVar(&o.WebhookConfiguration, "webhook-configuration", "polymoat", "name of the mutating and of the validating configuration that must accept the certificate")
	flags.StringVar(&o.ClientCAFile, "client-ca-file", "", "PEM file with the authorities of those who may send reviews, read again when it changes (default: anybody may)")
	flags.StringArrayVar(&o.ClientNames, "client-name", nil, "common name of a client certificate that may send reviews; repeatable (default: any)")
}

// addTellingFlags adds the flags that say what the server tells of what it sees, beside its answers.
func addTellingFlags(flags *pflag.FlagSet, o *webhook.Options) {
	flags.Var((*objectName)(&o.AuditLease), "audit-lease", "the Lease by which replicas agree who watches pods and counts what is not as the policy means it (default: nobody does)")
	flags.BoolVar(&o.AuditReports, "audit-reports", false, "write what the audit finds into reports of OpenReports, where the cluster has them")
	flags.BoolVar(&o.Events, "events", false, "write an event about the owner of a pod that is refused")
}

// addLoadFlags adds the flags that say how much is worked on at once, and how it is brought to an end.
func addLoadFlags(flags *pflag.FlagSet, o *webhook.Options) {
	flags.Var((*size)(&o.InFlight), "max-in-flight", "bytes of reviews that wait and are decided at once, such as 64Mi; what is more is sent away (default: 32Mi)")
	flags.DurationVar(&o.ShutdownDelay, "shutdown-delay", 5*time.Second, "how long to go on serving, not ready, after SIGTERM")
	flags.DurationVar(&o.ShutdownTimeout, "shutdown-timeout", 20*time.Second, "how long to wait then for reviews in flight, and for the collector, 1m at most")
}

// checkFlags says which flags contradict each other.
func checkFlags(o webhook.Options) error {
	switch {
	case o.Certificate.Source == certs.SelfManaged && !o.Cluster:
		return errors.New("--cert-source self-managed keeps the certificate in a Secret, which --no-cluster cannot reach; drop one of the two")
	case o.AuditLease.Name != "" && !o.Cluster:
		return errors.New("--audit-lease is for the audit of a cluster, which --no-cluster does not look at; drop one of the two")
	case o.AuditReports && o.AuditLease.Name == "":
		return errors.New("--audit-reports needs --audit-lease, which says by which Lease the replica is chosen that writes them")
	case o.MetricsAddress != "" && !o.MetricsOpen && !o.Cluster:
		return errors.New("--metrics-bind-address needs --metrics-secure=false with --no-cluster: nobody says there who may read metrics")
	case o.Events && !o.Cluster:
		return errors.New("--events writes to a cluster, which --no-cluster does not look at; drop one of the two")
	case len(o.ClientNames) > 0 && o.ClientCAFile == "":
		return errors.New("--client-name needs --client-ca-file, which says whose certificates are believed")
	}
	return nil
}

// leastInFlight is one review of the largest kind.
const leastInFlight = 7 << 20

// size is a flag of bytes, such as 32Mi.
type size int64

func (s *size) Set(value string) error {
	bytes, err := resource.ParseQuantity(value)
	if err != nil || bytes.Value() < leastInFlight {
		return errors.New("it is a number of bytes, 7Mi or more: 32Mi")
	}
	*s = size(bytes.Value())
	return nil
}

func (s *size) String() string {
	if *s == 0 {
		return ""
	}
	return resource.NewQuantity(int64(*s), resource.BinarySI).String()
}

// Type names the kind of value in the help.
func (s *size) Type() string { return "bytes" }

// objectName is a flag of the form NAMESPACE/NAME.
type objectName types.NamespacedName

func (s *objectName) Set(value string) error {
	namespace, name, ok := strings.Cut(value, "/")
	if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
		return errors.New("it is NAMESPACE/NAME")
	}
	*s = objectName{Namespace: namespace, Name: name}
	return nil
}

func (s *objectName) String() string {
	if *s == (objectName{}) {
		return ""
	}
	return s.Namespace + "/" + s.Name
}

// Type names the kind of value in the help.
func (s *objectName) Type() string { return "namespace/name" }

// endpoint is a flag of the form HOST:PORT.
type endpoint string

func (e *endpoint) Set(value string) error {
	host, port, err := net.SplitHostPort(value)
	if err != nil || host == "" {
		return errors.New("it is HOST:PORT, without a scheme")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("the port is %q, not a number from 1 to 65535", port)
	}
	*e = endpoint(value)
	return nil
}

func (e *endpoint) String() string { return string(*e) }

// Type names the kind of value in the help.
func (e *endpoint) Type() string { return "host:port" }
