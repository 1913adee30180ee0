package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/polymoat/polymoat/internal/siege"
)

// besieger are the flags of siege.
type besieger struct {
	kubeconfig, context, namespace, policy, node string
	as                                           rest.ImpersonationConfig
}

func newSiege(c *console) *cobra.Command {
	b := new(besieger)
	cmd := &cobra.Command{
		Use:   "siege",
		Short: "Try every known way onto core nodes, in your own cluster",
		Long: `Try every known way onto core nodes that can be expressed as a request, in your
own cluster, and print one line for each: held, and by which rules; open; or
not applicable, and why.

Every request is a server-side dry-run: nothing is ever stored. What it means
depends on who asks: name with --as a user who may work in the namespace. What
updates pods needs a run and a pod of Polyaxon's own to try it on.

The exit code is 1 where any is open.`,
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
	flags.StringVar(&b.kubeconfig, "kubeconfig", "", "`file` that says how to reach the cluster (default: as kubectl)")
	flags.StringVar(&b.context, "context", "", "`name` of the context in it")
	flags.StringVarP(&b.namespace, "namespace", "n", "", "governed namespace (default: the policy's first)")
	flags.StringVar(&b.policy, "policy", "", "policy `file` that the cluster runs (default: the built-in)")
	completeManifests(flags, "policy")
	flags.StringVar(&b.node, "node", "", "`name` of a core node (default: one that is seen, else core-1)")
	flags.StringVar(&b.as.UserName, "as", "", "`user` to impersonate")
	flags.StringArrayVar(&b.as.Groups, "as-group", nil, "`group` of that user; repeatable")
	return cmd
}

func (b *besieger) run(ctx context.Context, c *console) error {
	if len(b.as.Groups) > 0 && b.as.UserName == "" {
		return errors.New("--as-group needs a user; name one with --as")
	}
	files := c.policyFiles(b.policy)
	if c.compile(files) == nil {
		return nil
	}
	if len(files) > 1 {
		return fmt.Errorf("--policy names %d policies; besiege one at a time", len(files))
	}
	server, err := b.server()
	if err != nil {
		c.fail(err)
		return nil
	}
	count := map[siege.Verdict]int{}
	o := siege.Options{Server: server, Policy: files[0].Policy, Namespace: b.namespace, Node: b.node}
	err = siege.Run(ctx, o, func(r siege.Result) {
		count[r.Verdict]++
		c.print(c.siegeLine(r))
	})
	if err != nil {
		c.fail(err)
		return nil
	}
	c.tell("%d held, %d open, %d not applicable\n", count[siege.Held], count[siege.Open], count[siege.NotApplicable])
	if count[siege.Open] > 0 {
		c.exit(exitDiffer)
	}
	return nil
}

// siegeLine is a result in the colour of its verdict.
func (c *console) siegeLine(r siege.Result) string {
	switch r.Verdict {
	case siege.Held:
		return c.styles.green.Sprint(r) + "\n"
	case siege.Open:
		return c.styles.red.Sprint(r) + "\n"
	default:
		return c.styles.faint.Sprint(r) + "\n"
	}
}

// server reaches the cluster as kubectl does.
func (b *besieger) server() (siege.Server, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = b.kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: b.context}).ClientConfig()
	if err != nil {
		return siege.Server{}, fmt.Errorf("connect to the cluster: %w", err)
	}
	if b.as.UserName != "" {
		config.Impersonate = b.as
	}
	config.WarningHandler = rest.NoWarnings{}
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
