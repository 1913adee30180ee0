package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/siege"
)

// besieger are the flags of siege.
type besieger struct {
	*input.Connection
	namespace, policy, node string
	as                      rest.ImpersonationConfig
}

func newSiege(c *console) *cobra.Command {
	b := new(besieger)
	cmd := &cobra.Command{
		Use:   "siege",
		Short: "Try every known attack on core, in your own cluster",
		Long: `Try every known attack on core that can be expressed as a request, in your own
cluster, and print one line for each: held, and by which rules; open, and what
would happen; or not applicable, and why.

Every request is a server-side dry-run: nothing is ever stored. The result
depends on who asks: name with --as a user who may create pods in the namespace.
Some attacks need a run, a run without a node, or what is Polyaxon's own (a pod,
a Service, a Deployment, a StatefulSet) to try them on, and that user to see it.

The last line counts what polymoat held apart from what RBAC held. Where RBAC
held one request of an attack, the attack counts there: another user may find it
open.

` + input.AboutPolicy + `

The exit code is 1 where any is open, and 2 where the user may not create pods.`,
		Example: `  # Is the cluster held against a data scientist?
  kubectl polymoat siege --as jane@example.com

  # Against a service account, under a policy of one's own
  kubectl polymoat siege --policy policy.yaml \
    --as system:serviceaccount:polyaxon:default \
    --as-group system:serviceaccounts --as-group system:authenticated`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return b.run(cmd.Context(), c) },
	}
	flags := cmd.Flags()
	b.Connection = input.NewConnection(flags, nil)
	flags.StringVarP(&b.namespace, "namespace", "n", "", "governed namespace (default: the policy's first)")
	flags.StringVar(&b.policy, "policy", "", input.PolicyUsage)
	completeManifests(flags, "policy")
	flags.StringVar(&b.node, "node", "", "`name` of a core node (default: one that is seen, else core-1)")
	flags.StringVar(&b.as.UserName, "as", "", "`user` to impersonate; required")
	flags.StringArrayVar(&b.as.Groups, "as-group", nil, "`group` of that user; repeatable")
	return cmd
}

func (b *besieger) run(ctx context.Context, c *console) error {
	if b.as.UserName == "" {
		return errors.New("--as is missing; name a user who may create pods in the namespace")
	}
	files := b.Governing(c.Reader, b.policy)
	if c.Compile(files) == nil {
		return nil
	}
	p, err := b.besieged(files)
	if err != nil {
		return err
	}
	server, err := b.server()
	if err != nil {
		c.Fail(err)
		return nil
	}
	var tally siege.Tally
	o := siege.Options{Server: server, Policy: p, Namespace: b.namespace, Node: b.node, User: b.as.UserName}
	err = siege.Run(ctx, o, func(r siege.Result) {
		tally.Add(r)
		c.Print(siegeLine(c.Styles, r))
	})
	if err != nil {
		c.Fail(err)
		return nil
	}
	c.Tell("%s\n", tally)
	if tally.Open > 0 {
		c.Exit(exitDiffer)
	}
	return nil
}

// besieged is the policy of the namespace that was named, else the only one.
func (b *besieger) besieged(files []v1alpha1.File) (*v1alpha1.PlacementPolicy, error) {
	if len(files) == 1 {
		return files[0].Policy, nil
	}
	var namespaces []string
	for _, f := range files {
		if slices.Contains(f.Policy.Spec.Namespaces, b.namespace) {
			return f.Policy, nil
		}
		namespaces = append(namespaces, f.Policy.Spec.Namespaces...)
	}
	return nil, fmt.Errorf("there are %d policies; besiege one at a time, with --namespace one of %s", len(files), v1alpha1.Quoted(namespaces))
}

// siegeLine is a result in the colour of its verdict.
func siegeLine(s print.Styles, r siege.Result) string {
	switch r.Verdict {
	case siege.Held:
		return s.Green.Sprint(r.String()) + "\n"
	case siege.Open:
		return s.Red.Sprint(r.String()) + "\n"
	default:
		return s.Faint.Sprint(r.String()) + "\n"
	}
}

// server reaches the cluster as kubectl does.
func (b *besieger) server() (siege.Server, error) {
	config, err := b.Open()
	if err != nil {
		return siege.Server{}, err
	}
	config = rest.CopyConfig(config)
	config.Impersonate = b.as
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return siege.Server{}, fmt.Errorf("connect to the cluster: %w", err)
	}
	host, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return siege.Server{}, fmt.Errorf("connect to the cluster: %w", err)
	}
	return siege.Server{Client: client, Host: host.String()}, nil
}
