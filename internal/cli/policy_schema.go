package cli

import (
	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

func newPolicySchema(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of a policy, for editors",
		Long: `Print the JSON schema of a policy. An editor that knows it completes fields, shows
what they mean and marks mistakes. The first line that "policy default" and "init"
print tells editors with the YAML language server where it is.`,
		Example: `  # Put it beside the policy
  kubectl polymoat policy schema > policy.schema.json
  kubectl polymoat init > policy.yaml`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c.Print(v1alpha1.SchemaJSON)
			return nil
		},
	}
}
