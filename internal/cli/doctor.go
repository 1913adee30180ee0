package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/doctor"
)

// examination are the flags of doctor.
type examination struct {
	*input.Connection
	namespace, output string
	only              []string
	verbose           bool
}

func newDoctor(c *console) *cobra.Command {
	e := &examination{output: "text"}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Examine an installation of polymoat, and of Polyaxon under it",
		Long: `Examine the installation of polymoat in a cluster: versions, replicas, webhooks,
certificates, policy, node pools and rights, and what Polyaxon's production guide
advises. Nothing is written.

Each finding says what was found, why it matters and which command mends it;
words in capitals are to be replaced. What you may not look at is a finding, too
(access), and the checks that need it are left out.

The exit code is 0 where nothing is found, or nothing but what is worth knowing
(info), 1 where anything is an error or a warning or a check could not run, and
2 where the cluster could not be looked at.`,
		Example: `  # What is wrong?
  kubectl polymoat doctor

  # List every check, with what holds where nothing is found
  kubectl polymoat doctor -v

  # Fail a pipeline when the certificates are not in order
  kubectl polymoat doctor --only ca-bundle,serving-certificate,certificate-trust`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.run(cmd.Context(), c) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&e.namespace, "namespace", "n", "", "`namespace` of the installation (default: where it is found)")
	flags.StringVarP(&e.output, "output", "o", e.output, "`format`: text or json (a line for each finding)")
	flags.StringSliceVar(&e.only, "only", nil, "`IDs` of checks to run (default: all)")
	flags.BoolVarP(&e.verbose, "verbose", "v", false, "list the checks that found nothing, too")
	complete(cmd, "output", "text", "json")
	complete(cmd, "only", checkIDs()...)
	e.Connection = input.NewConnection(flags, nil)
	return cmd
}

func checkIDs() []string {
	var ids []string
	for _, check := range doctor.Checks {
		ids = append(ids, check.ID)
	}
	return ids
}

func (e *examination) run(ctx context.Context, c *console) error {
	if e.output != "text" && e.output != "json" {
		return fmt.Errorf("unknown output format %q; use text or json", e.output)
	}
	checks, err := only("check", e.only, doctor.Checks, func(check doctor.Check) string { return check.ID })
	if err != nil {
		return err
	}
	facts, err := e.facts(ctx)
	if err != nil {
		c.Fail(e.Remedy(err))
		return nil
	}
	report := doctor.Examine(facts, checks)
	wrong := slices.ContainsFunc(report.Findings, func(f doctor.Finding) bool { return f.Severity != doctor.Info })
	if wrong || len(report.LeftOut) > 0 {
		c.Exit(exitDiffer)
	}
	if e.output == "json" {
		for _, f := range report.Findings {
			c.Print(print.JSON(f))
		}
		if len(report.LeftOut) > 0 {
			c.Tell("note: %s\n", leftOut(report))
		}
		return nil
	}
	printReport(c.Console, report, e.verbose)
	return nil
}
