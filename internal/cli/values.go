package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/layers"
)

func newValues(c *console) *cobra.Command {
	var path, chart, release string
	var cluster *input.Connection
	cmd := &cobra.Command{
		Use:   "values --chart VERSION",
		Short: "Print the values by which Polyaxon's own chart places its pods",
		Long: `Print values for Polyaxon's own chart, of any version from 0.1 to 2.15, by which it
puts its own Deployments and hooks, metrics, the database, the cache, the queue and
the cleaner where the policy wants them. With these, Polyaxon itself lands right
while the webhook is away. A comment says what no value reaches.

` + input.AboutPolicy,
		Example: `  # Have the chart place what the webhook would place
  kubectl polymoat values --chart 2.15 > placement.yaml
  helm upgrade polyaxon polyaxon/polyaxon --reuse-values -f placement.yaml

  # For one of several installations
  kubectl polymoat values --chart 1.20 --release research

  # Nothing is left for the webhook to change
  helm template polyaxon polyaxon/polyaxon -n polyaxon -f placement.yaml |
    kubectl polymoat diff -n polyaxon -f -`,
		Args: cobra.NoArgs,
	}
	cluster = addGoverningTo(cmd, &path)
	cmd.Flags().StringVar(&chart, "chart", "", "`version` of Polyaxon's chart; required")
	cmd.Flags().StringVar(&release, "release", "", "`name` of Polyaxon's release (default: that of the only policy)")
	cmd.RunE = func(*cobra.Command, []string) error {
		if chart == "" {
			return errors.New("--chart is missing; name the version of Polyaxon's chart, such as 2.15")
		}
		if _, err := layers.ParseVersion(chart); err != nil {
			return err
		}
		return printForRelease(c, cluster.Governing(c.Reader, path), release, func(p *v1alpha1.PlacementPolicy) (string, error) {
			return layers.Values(p, chart)
		})
	}
	return cmd
}

// printForRelease prints what is written of the policy for a release of Polyaxon.
func printForRelease(c *console, files []v1alpha1.File, release string, write func(*v1alpha1.PlacementPolicy) (string, error)) error {
	if c.Compile(files) == nil {
		return nil
	}
	p, err := policyOfRelease(files, release)
	if err != nil {
		return err
	}
	text, err := write(p)
	if err != nil {
		return err
	}
	c.Print(text)
	return nil
}

// policyOfRelease is the policy for a release of Polyaxon; without a name the only one.
func policyOfRelease(files []v1alpha1.File, release string) (*v1alpha1.PlacementPolicy, error) {
	var releases []string
	for _, f := range files {
		if f.Policy.Spec.Release == release || release == "" && len(files) == 1 {
			return f.Policy, nil
		}
		releases = append(releases, f.Policy.Spec.Release)
	}
	if release == "" {
		return nil, fmt.Errorf("there are %d policies; choose one with --release, one of %s", len(files), v1alpha1.Quoted(releases))
	}
	return nil, fmt.Errorf("no policy is for the release %q; choose one of %s with --release", release, v1alpha1.Quoted(releases))
}
