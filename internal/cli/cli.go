// Package cli is the kubectl plugin: it explains pods, shows, tests and previews policies, and draws, examines and besieges
// clusters. It decides with the same code as the webhook, and only what is asked about live objects needs a cluster. It
// starts in milliseconds: no clientset, no controller-runtime. A command is a file: flags and a call. Package input reads
// for all of them, package print writes.
package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
)

// The exit codes; of several, the highest counts.
const (
	exitClean  = 0
	exitDiffer = 1 // a pod is refused or differs, a case fails, or doctor finds an error or a warning
	exitError  = 2 // something could not be read, or the command line is wrong
)

// Main runs the plugin with the arguments after its name and returns its exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	return newConsole(in, out, errOut).execute(args)
}

func (c *console) execute(args []string) int {
	root := newRoot(c)
	root.SetArgs(args)
	root.SetOut(c.Out)
	root.SetErr(c.Err)
	// Commands report their own errors: what comes back is a mistake in the command line.
	if cmd, err := root.ExecuteContextC(print.WithProgress(context.Background(), c.Progress)); err != nil {
		c.Fail(err)
		c.Tell("See '%s --help' for usage.\n", cmd.CommandPath())
	}
	return c.Code
}

func newRoot(c *console) *cobra.Command {
	root := group(&cobra.Command{
		Use:         "kubectl-polymoat",
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl polymoat"},
		Short:       "What polymoat does with a pod, in a file or in a cluster",
		Long: `polymoat keeps Polyaxon's workloads off the nodes that keep Polyaxon alive.

This plugin says what it would do with the pods of a file or of a cluster: which
role each pod has and why, where it would be placed, how it would be hardened,
and whether it would be refused. It changes nothing, and needs a cluster only
where it is asked about one.

Exit codes: 0 clean, 1 a pod is refused or differs, a case fails or doctor finds
something, 2 usage or input error.`,
		Example: `  # Say what polymoat would do with the pods of a file
  kubectl polymoat explain -f job.yaml

  # Show the fields that it would change
  kubectl polymoat diff -f job.yaml

  # Say on which node pools they would land as they stand
  kubectl polymoat where -f job.yaml

  # Say what a new policy would change for the pods that run
  kubectl polymoat preview --policy new.yaml

  # Examine the installation
  kubectl polymoat doctor

  # Start a policy of your own, and see the resulting settings
  kubectl polymoat policy default > policy.yaml
  kubectl polymoat roles --policy policy.yaml

  # Test it with cases of one's own
  kubectl polymoat test cases/ --policy policy.yaml`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	})
	root.SetFlagErrorFunc(flagError)
	addGroup(root, "Pods:", newExplain(c), newDiff(c), newWhere(c))
	addGroup(root, "Policies:", newInit(c), newPolicy(c), newValues(c), newPresets(c), newExport(c), newRoles(c), newRules(c), newOverrides(c), newTest(c), newPreview(c), newNative(c))
	addGroup(root, "Clusters:", newMap(c), newNodes(c), newVerify(c), newAudit(c), newDrill(c), newReplay(c), newDoctor(c), newSiege(c))
	root.AddCommand(newVersion(c), newCompletion(c))
	return root
}

// console is what commands read from and print to.
type console struct {
	*print.Console
	input.Reader
}

func newConsole(in io.Reader, out, errOut io.Writer) *console {
	c := print.NewConsole(out, errOut)
	return &console{c, input.Reader{Report: c, In: in}}
}
