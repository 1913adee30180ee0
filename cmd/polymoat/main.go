// Command polymoat serves admission reviews: it places and hardens the pods of Polyaxon, and refuses those that could
// land on protected nodes. See --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/polymoat/polymoat/internal/build"
	"github.com/polymoat/polymoat/internal/logging"
	"github.com/polymoat/polymoat/webhook"
)

const usage = `polymoat keeps Polyaxon's workloads off the nodes that keep Polyaxon alive.

It serves /mutate, /validate and /workloads over TLS, and probes and metrics on ports of their own.

Flags:
`

func main() { os.Exit(run(os.Args[1:])) }

// run returns the exit code: 0 after a shutdown that finished what was in flight, 1 for what went wrong, 2 for a flag.
func run(args []string) int {
	o := webhook.Options{}
	flags := pflag.NewFlagSet("polymoat", pflag.ContinueOnError)
	flags.SortFlags = false
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage+flags.FlagUsages()) }
	flags.Uint16Var(&o.Port, "port", 9443, "port for reviews, over TLS")
	addTLSFlags(flags, &o)
	policy := flags.String("policy", "", "policy file, or folder of policies, one for each Polyaxon installation (default: the built-in policy)")
	noCluster := flags.Bool("no-cluster", false, "decide without a cluster: nodes and the owners of pods are unknown, and only those that the policy names may claim core")
	flags.StringVar(&o.Kubeconfig, "kubeconfig", "", "how to reach the cluster (default: the service account of the pod)")
	addTellingFlags(flags, &o)
	flags.StringVar(&o.MetricsAddress, "metrics-bind-address", "", "HOST:PORT to serve /metrics on (default: nowhere)")
	secure := flags.Bool("metrics-secure", true, "serve metrics over TLS, and only to those that RBAC lets get the URL /metrics")
	flags.StringVar(&o.ProbeAddress, "health-probe-bind-address", "", "HOST:PORT to serve /healthz and /readyz on, without TLS (default: nowhere)")
	flags.Var((*endpoint)(&o.TracingEndpoint), "tracing-endpoint", "OTLP collector that gets a span of each review which the API server traces, over gRPC without TLS (default: nobody does)")
	addLoadFlags(flags, &o)
	level := flags.String("log-level", "info", "debug, info, warn or error")
	showVersion := flags.Bool("version", false, "print the version and exit")
	switch err := flags.Parse(args); {
	case errors.Is(err, pflag.ErrHelp):
		return 0
	case err == nil && flags.NArg() > 0:
		return fail(2, fmt.Errorf("%q is no flag; see polymoat --help", flags.Arg(0)))
	case err != nil:
		return fail(2, fmt.Errorf("%w; see polymoat --help", err))
	case *showVersion:
		fmt.Fprintln(os.Stdout, "polymoat", build.Read())
		return 0
	}
	o.Cluster, o.MetricsOpen = !*noCluster, !*secure
	log, err := logging.New(os.Stderr, *level)
	if err := errors.Join(err, checkFlags(o)); err != nil {
		return fail(2, err)
	}
	logging.Adopt(log)
	policies, err := webhook.LoadPolicies(*policy)
	if err != nil {
		return fail(1, err)
	}
	// A second signal ends the process at once: stop gives the signals their usual meaning back.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	context.AfterFunc(ctx, stop)
	if err := webhook.Run(ctx, o, policies, log); err != nil {
		return fail(1, err)
	}
	return 0
}

func fail(code int, err error) int {
	fmt.Fprintln(os.Stderr, "polymoat:", err)
	return code
}
