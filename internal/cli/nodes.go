package cli

import (
	"context"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/inventory"
	"github.com/polymoat/polymoat/internal/layers"
)

func newNodes(c *console) *cobra.Command {
	var path string
	var files []string
	var cluster *input.Connection
	cmd := &cobra.Command{
		Use:   "nodes",
		Short: "Print the commands for labels and taints that nodes lack",
		Long: `Print the kubectl commands that bring nodes the labels and taints of the policy's
node pools, each below a comment that says why. Nothing is run. A node pool of a
cloud, or of Karpenter, needs them in its own settings as well: new nodes have none
of what was written on old ones.

` + input.AboutPolicy + `

The exit code is 1 where anything is missing.`,
		Example: `  # What do the nodes lack?
  kubectl polymoat nodes

  # The same for a new policy, and nodes of a file
  kubectl get nodes -o yaml > nodes.yaml
  kubectl polymoat nodes --policy policy.yaml -f nodes.yaml`,
		Args: cobra.NoArgs,
	}
	cluster = addGoverningTo(cmd, &path)
	cmd.Flags().StringArrayVarP(&files, "filename", "f", nil, "`file`, folder or - (standard input) with nodes; repeatable (default: the cluster's)")
	completeManifests(cmd.Flags(), "filename")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		policies := cluster.Governing(c.Reader, path)
		if c.Compile(policies) == nil {
			return nil
		}
		nodes, err := nodesOf(cmd.Context(), cluster, c, files)
		if err != nil {
			c.Fail(cluster.Remedy(err))
		}
		if c.Code == exitClean {
			printNodeCommands(c.Console, layers.MissingOnNodes(policies, nodes))
		}
		return nil
	}
	return cmd
}

// nodesOf are the nodes of files, or of the cluster where there are none.
func nodesOf(ctx context.Context, n *input.Connection, c *console, files []string) ([]corev1.Node, error) {
	if len(files) > 0 {
		d := drafter{files: files, cluster: inventory.Cluster{}}
		d.readFiles(c)
		return d.cluster.Nodes, nil
	}
	var nodes []corev1.Node
	err := n.EachNode(ctx, func(node *corev1.Node) { nodes = append(nodes, *node) })
	return nodes, err
}

func printNodeCommands(c *print.Console, missing []layers.Command) {
	if len(missing) == 0 {
		c.Print("# Nothing is missing: the nodes of every pool have its label and taints.\n")
		return
	}
	for _, m := range missing {
		c.Print("# " + print.OneLine(m.Why) + "\n" + print.OneLine(m.Run) + "\n")
	}
	c.Exit(exitDiffer)
}
