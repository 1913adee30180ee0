package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/build"
)

func newVersion(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of the plugin and of the policies that it reads",
		Example: "  kubectl polymoat version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c.Print(fmt.Sprintf("kubectl-polymoat %s, policies %s\n", build.Read(), v1alpha1.APIVersion))
			return nil
		},
	}
}
