package cli

import (
	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/layers"
)

func newExport(c *console) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "export",
		Short: "Print the policy's node pools for Karpenter or Kueue",
		Long:  "Print the policy's node pools as objects of other projects. Nothing is sent.",
		Example: `  kubectl polymoat export karpenter > nodepools.yaml
  kubectl polymoat export kueue > flavors.yaml`,
	})
	cmd.AddCommand(newExportKarpenter(c), newExportKueue(c))
	return cmd
}

func newExportKarpenter(c *console) *cobra.Command {
	class := "karpenter.k8s.aws/EC2NodeClass/default"
	cmd := &cobra.Command{
		Use:   "karpenter",
		Short: "Print a NodePool of Karpenter for each node pool",
		Long: `Print a NodePool (karpenter.sh/v1) for each node pool of the policy. Its nodes have
the pool's label and taints from the beginning. Which machines they are is yours to
say: complete the requirements, and name your node class.

` + input.AboutPolicy,
		Example: `  # NodePools for AWS
  kubectl polymoat export karpenter > nodepools.yaml

  # For Azure
  kubectl polymoat export karpenter --node-class karpenter.azure.com/AKSNodeClass/default`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&class, "node-class", class, "`GROUP/KIND/NAME` of the node class, which says how nodes are made")
	return exporting(c, cmd, func(files []v1alpha1.File) (string, error) {
		parsed, err := layers.ParseNodeClass(class)
		if err != nil {
			return "", err
		}
		return layers.Karpenter(files, parsed)
	})
}

func newExportKueue(c *console) *cobra.Command {
	return exporting(c, &cobra.Command{
		Use:   "kueue",
		Short: "Print a ResourceFlavor of Kueue for each node pool of runs",
		Long: `Print a ResourceFlavor (kueue.x-k8s.io/v1beta2) for each node pool of the policy that
is not protected. Kueue then sends runs where polymoat lets them go.

` + input.AboutPolicy,
		Example: `  kubectl polymoat export kueue > flavors.yaml`,
		Args:    cobra.NoArgs,
	}, layers.Kueue)
}

// exporting makes a command print what it makes of the policies in force.
func exporting(c *console, cmd *cobra.Command, write func([]v1alpha1.File) (string, error)) *cobra.Command {
	var path string
	cluster := addGoverningTo(cmd, &path)
	cmd.RunE = func(*cobra.Command, []string) error {
		files := cluster.Governing(c.Reader, path)
		if c.Compile(files) == nil {
			return nil
		}
		text, err := write(files)
		if err != nil {
			return err
		}
		c.Print(text)
		return nil
	}
	return cmd
}
