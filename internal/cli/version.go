package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

func newVersion(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of the plugin and of the policies that it reads",
		Example: "  kubectl polymoat version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c.print(fmt.Sprintf("kubectl-polymoat %s (%s %s/%s), policies %s\n",
				version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, v1alpha1.APIVersion))
			return nil
		},
	}
}

// version is what the go command wrote into the binary: a tag, or a pseudo-version of the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}
