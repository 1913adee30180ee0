package cli

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/print"
)

func newPolicy(c *console) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "policy",
		Short: "Print the built-in policy or the cluster's, or check one's own",
		Example: `  # Start from the built-in policy
  kubectl polymoat policy default > policy.yaml

  # Print the one that the cluster runs
  kubectl polymoat policy show

  # Find every mistake in one's own
  kubectl polymoat policy validate policy.yaml`,
	})
	cmd.AddCommand(newPolicyDefault(c), newPolicyShow(c), newPolicySchema(c), newPolicyValidate(c))
	return cmd
}

func newPolicyDefault(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "default",
		Short:   "Print the built-in policy",
		Long:    "Print the built-in policy: what is in force where no other is configured.",
		Example: "  kubectl polymoat policy default > policy.yaml",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c.Print(v1alpha1.Modeline + v1alpha1.DefaultYAML)
			return nil
		},
	}
}

func newPolicyValidate(c *console) *cobra.Command {
	strict := false
	var files []string
	cmd := &cobra.Command{
		Use:   "validate FILE|FOLDER|- ...",
		Short: "Find every mistake in policies",
		Long: `Find every mistake in policies, each with its line and field. Policies that are
named together are also checked against each other, as a server that loads them
from one folder does.

Policies are read from documents of their own, several in a file or one, from
policies: in values of the chart, and from ConfigMaps among other objects.

A policy that does not protect as it seems to is warned of: no protected pool, one
without a taint, a run on protected nodes, a taint of two pools, no role core.`,
		Example: `  # Check one policy
  kubectl polymoat policy validate policy.yaml

  # Check the policies of a folder together
  kubectl polymoat policy validate policies/

  # Refuse what is only warned of, too
  kubectl polymoat policy validate --strict policies/

  # Check what another program prints
  kubectl polymoat policy default | kubectl polymoat policy validate -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args)+len(files) == 0 {
				return errors.New("nothing to validate; name files or folders")
			}
			return nil
		},
		ValidArgsFunction: completePolicies,
		RunE: func(_ *cobra.Command, args []string) error {
			validatePolicies(c, slices.Concat(files, args), strict)
			return nil
		},
	}
	cmd.Flags().StringArrayVarP(&files, "filename", "f", nil, "`file`, folder or - (standard input) to check, as elsewhere; repeatable")
	completeManifests(cmd.Flags(), "filename")
	cmd.Flags().BoolVar(&strict, "strict", false, "take warnings for errors")
	return cmd
}

func validatePolicies(c *console, paths []string, strict bool) {
	files := c.LoadPolicies(paths, func(err error) {
		c.Fail(err)
		if invalid, ok := errors.AsType[*v1alpha1.InvalidError](err); ok {
			reportDoubts(c.Console, invalid.Doubts, strict)
		}
	})
	if c.Compile(files) == nil {
		return
	}
	for _, f := range files {
		spec, doubts := f.Policy.Spec, f.Policy.Doubts
		for _, report := range append(spec.LooseModes(), spec.Reports(v1alpha1.DayOf(time.Now()))...) {
			doubts = append(doubts, f.Name+": "+report)
		}
		if strict && len(doubts) > 0 {
			reportDoubts(c.Console, doubts, strict)
			continue
		}
		c.Print(fmt.Sprintf("%s: valid (policy %s, %s, %s, %s)\n", f.Name, f.Policy.Metadata.Name,
			count(len(spec.Namespaces), "namespace"), count(len(spec.NodePools), "node pool"), count(len(spec.Roles), "role")))
		reportDoubts(c.Console, doubts, strict)
	}
}

func reportDoubts(c *print.Console, doubts []string, strict bool) {
	for _, doubt := range doubts {
		if strict {
			c.Fail(errors.New(doubt))
		} else {
			c.Tell("warning: %s\n", doubt)
		}
	}
}

// count is a number of things: "1 namespace", "3 node pools".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
