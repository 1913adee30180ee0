package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/drift"
)

// verification are the flags of verify, and what it reads.
type verification struct {
	*input.Connection
	console        *console
	policy, output string
	files, presets []string
	facts          drift.Facts
}

func newVerify(c *console) *cobra.Command {
	v := &verification{console: c, output: "text"}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Say where cluster, presets and policy have drifted apart",
		Long: `Hold the layers that say who lives where against the policy: the policy in force, its
native twin, Polyaxon's own workloads (what the values of its chart made), the labels
and taints of nodes, what starts nodes (NodePools of Karpenter, MachineDeployments of
the Cluster API), ResourceFlavors of Kueue, and presets. Each drift comes with its
fix; words in capitals are to be replaced. Nothing is sent.

Node groups of a cloud's own autoscaler are not in the cluster: only the nodes that
they started are seen. Static manifests of the twin are not, either.

` + input.AboutPolicy + `
A policy that is named is held against the one in force, too.

The exit code is 1 where anything drifted, or where you may not look at something.`,
		Example: `  # Has anything drifted?
  kubectl polymoat verify

  # From the policy and the presets that a repository has
  kubectl polymoat verify --policy policy.yaml --presets presets/

  # In a cluster that files describe
  kubectl get nodes,deployments,statefulsets -A -o yaml > cluster.yaml
  kubectl polymoat verify --policy policy.yaml -f cluster.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return v.run(cmd.Context()) },
	}
	flags := cmd.Flags()
	v.Connection = addGoverningTo(cmd, &v.policy)
	flags.StringArrayVarP(&v.files, "filename", "f", nil, "`file`, folder or - (standard input) that describes the cluster; repeatable (default: the live one)")
	flags.StringArrayVar(&v.presets, "presets", nil, "`file` or folder with presets, or with ConfigMaps that hold them; repeatable")
	flags.StringVarP(&v.output, "output", "o", v.output, "`format`: text or json (a line for each drift)")
	completeManifests(flags, "filename")
	completeManifests(flags, "presets")
	complete(cmd, "output", "text", "json")
	return cmd
}

func (v *verification) run(ctx context.Context) error {
	c := v.console
	if v.output != "text" && v.output != "json" {
		return fmt.Errorf("unknown output format %q; use text or json", v.output)
	}
	v.facts.Policies = v.Governing(c.Reader, v.policy)
	if c.Compile(v.facts.Policies) == nil {
		return nil
	}
	if len(v.files) > 0 {
		v.readFiles()
	} else if err := v.readCluster(ctx); err != nil {
		c.Fail(v.Remedy(err))
	}
	v.readPresets()
	if c.Code == exitError {
		return nil
	}
	found := drift.Find(&v.facts)
	if len(found) > 0 {
		c.Exit(exitDiffer)
	}
	if v.output == "json" {
		for _, d := range found {
			c.Print(print.JSON(d))
		}
		return nil
	}
	c.Print(driftText(found, c.Styles.Width()))
	c.Print(looked(&v.facts, len(found)))
	return nil
}
