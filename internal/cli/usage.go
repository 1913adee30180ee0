package cli

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/agext/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// group makes a command that only has subcommands: alone it prints its help, and it refuses an unknown subcommand.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
			return fmt.Errorf("unknown command %q; did you mean %q?", args[0], similar[0])
		}
		return fmt.Errorf("unknown command %q", args[0])
	}
	return cmd
}

// addGroup adds commands under a title of their own in the help.
func addGroup(root *cobra.Command, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: title, Title: title})
	for _, cmd := range commands {
		cmd.GroupID = title
		root.AddCommand(cmd)
	}
}

// flagError says which flag may have been meant.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	// Who writes -policy means --policy, and not five flags of one letter.
	asked := cmp.Or(unknown.GetSpecifiedShortnames(), unknown.GetSpecifiedName())
	best, name := 3, ""
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if d := levenshtein.Distance(asked, f.Name, nil); d < best {
			best, name = d, f.Name
		}
	})
	if name == "" {
		return err
	}
	return fmt.Errorf("%w; did you mean --%s?", err, name)
}
