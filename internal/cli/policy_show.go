package cli

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/doctor"
)

func newPolicyShow(c *console) *cobra.Command {
	var cluster *input.Connection
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the policy that the cluster runs",
		Long: `Print the policies in force in the cluster: those of the ConfigMap that polymoat's
own Deployment mounts, as they are written there. The first line on standard
error says which ConfigMap that is.

It needs the right to list Deployments and to read ConfigMaps in polymoat's own
namespace. ClusterRole polymoat-view of the chart holds that and nothing else.`,
		Example: `  # Print the policy in force
  kubectl polymoat policy show

  # Try a change of it on the pods that run
  kubectl polymoat policy show > policy.yaml
  kubectl polymoat preview --policy policy.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			held, err := cluster.Readable(cmd.Context())
			switch {
			case err != nil:
				c.Fail(err)
			case held == nil:
				c.Fail(fmt.Errorf("no Deployment with the label %q tells the policy in force;"+
					" kubectl polymoat policy default prints the built-in one", doctor.Label))
			default:
				printPolicies(c.Console, held)
			}
			return nil
		},
	}
	cluster = input.NewConnection(cmd.Flags(), nil)
	return cmd
}

// printPolicies prints the files of policies as one stream of YAML. One with a mistake is printed, too: it is in force.
func printPolicies(c *print.Console, held *corev1.ConfigMap) {
	c.Tell("policy: in force: %s\n", input.PlaceOfPolicy(held))
	separator := ""
	for _, key := range slices.Sorted(maps.Keys(held.Data)) {
		if !slices.Contains(input.Extensions, filepath.Ext(key)) {
			continue // a server reads no other
		}
		c.Print(separator + strings.TrimSuffix(held.Data[key], "\n") + "\n")
		separator = "---\n"
	}
}
