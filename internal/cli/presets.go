package cli

import (
	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/layers"
)

func newPresets(c *console) *cobra.Command {
	var path, release string
	var cluster *input.Connection
	cmd := &cobra.Command{
		Use:   "presets [ROLE ...]",
		Short: "Print Polyaxon presets that place the runs of each role",
		Long: `Print a preset of Polyaxon 1.x and 2.x for each role of runs that has a node pool, or
for the roles that are named. A run with its preset lands where the policy wants it
while the webhook is away. Comments say which pods no preset reaches.

` + input.AboutPolicy,
		Example: `  # The presets of all roles
  kubectl polymoat presets

  # Run notebooks with theirs
  kubectl polymoat presets notebooks > notebooks.yaml
  polyaxon run -f notebook.yaml -f notebooks.yaml`,
	}
	cluster = addGoverningTo(cmd, &path)
	cmd.Flags().StringVar(&release, "release", "", "`name` of Polyaxon's release (default: that of the only policy)")
	cmd.RunE = func(_ *cobra.Command, roles []string) error {
		return printForRelease(c, cluster.Governing(c.Reader, path), release, func(p *v1alpha1.PlacementPolicy) (string, error) {
			return layers.Presets(p, roles)
		})
	}
	return cmd
}
