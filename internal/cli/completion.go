package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// complete offers words as values of a flag.
func complete(cmd *cobra.Command, flag string, words ...string) {
	utilruntime.Must(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)))
}

// completeWords offers those words as arguments that are not there yet.
func completeWords(words func(*cobra.Command) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		rest := slices.DeleteFunc(words(cmd), func(word string) bool { return slices.Contains(args, word) })
		return rest, cobra.ShellCompDirectiveNoFileComp
	}
}

// manifests are the extensions of files that hold objects and policies.
var manifests = []string{"yaml", "yml", "json"}

// completeManifests offers YAML and JSON files, and folders, as values of a flag.
func completeManifests(flags *pflag.FlagSet, flag string) {
	utilruntime.Must(cobra.MarkFlagFilename(flags, flag, manifests...))
}

// completeFolders offers folders as arguments.
func completeFolders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completePolicies offers policies, which are YAML and JSON files, as arguments.
func completePolicies(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return manifests, cobra.ShellCompDirectiveFilterFileExt
}

func newCompletion(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "completion kubectl|bash|zsh|fish|powershell",
		Short: "Print what a shell needs to complete commands",
		Long: `Print what a shell needs to complete commands, flags, roles and rules.

kubectl, whose own completion must be set up, asks a program on the PATH that is
called kubectl_complete-polymoat to complete "kubectl polymoat": "completion
kubectl" prints it. The others are for kubectl-polymoat called by its own name.`,
		Example: `  # Complete "kubectl polymoat", in every shell
  kubectl polymoat completion kubectl > ~/bin/kubectl_complete-polymoat
  chmod +x ~/bin/kubectl_complete-polymoat

  # Complete "kubectl-polymoat" in this bash
  source <(kubectl-polymoat completion bash)

  # The same in zsh, fish and PowerShell
  source <(kubectl-polymoat completion zsh)
  kubectl-polymoat completion fish | source
  kubectl-polymoat completion powershell | Out-String | Invoke-Expression`,
		ValidArgs: shells,
		Args:      oneShell,
		RunE: func(cmd *cobra.Command, args []string) error {
			script, err := completionScript(cmd.Root(), args[0])
			if err != nil {
				return err
			}
			c.Print(script)
			return nil
		},
	}
}

func oneShell(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return fmt.Errorf("no shell; name one of %s", v1alpha1.Quoted(shells))
	case len(args) > 1:
		return fmt.Errorf("%q is one too many; name one shell", args[1])
	case !slices.Contains(shells, args[0]):
		return oneOf("shell", args[0], shells)
	}
	return nil
}

// shells are what completion prints scripts for, kubectl first: it serves all shells.
var shells = []string{"kubectl", "bash", "zsh", "fish", "powershell"}

// kubectlScript is what kubectl runs for "kubectl polymoat <TAB>", with the words of the command line.
const kubectlScript = `#!/bin/sh
# kubectl runs this file to complete "kubectl polymoat", where it is on the PATH as kubectl_complete-polymoat.
exec kubectl-polymoat __complete "$@"
`

func completionScript(root *cobra.Command, shell string) (string, error) {
	var script strings.Builder
	var err error
	switch shell {
	case "kubectl":
		return kubectlScript, nil
	case "bash":
		err = root.GenBashCompletionV2(&script, true)
	case "zsh":
		err = root.GenZshCompletion(&script)
	case "fish":
		err = root.GenFishCompletion(&script, true)
	case "powershell":
		err = root.GenPowerShellCompletionWithDesc(&script)
	}
	return script.String(), err
}
