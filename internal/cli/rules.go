package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/policy"
)

func newRules(c *console) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "rules [RULE ...]",
		Short: "List the rules by which pods are refused",
		Long: `List the rules by which pods are refused, in the order in which their violations
are told. The name of a rule is permanent: refusals, metrics and policies use it.

The rules are the same under every policy; what they measure a pod by, such as
the node pools of its role, is for roles to list.`,
		Example: `  # What can a pod be refused for?
  kubectl polymoat rules

  # What did the refusal mean?
  kubectl polymoat rules core-nodes`,
		ValidArgsFunction: completeWords(ruleIDs),
	}
	addFormatTo(cmd, &output)
	cmd.RunE = func(_ *cobra.Command, args []string) error { return rules(c, args, output) }
	return cmd
}

// rule is one rule of the output. Its fields are a promise to programs: they are only ever added to.
type rule struct {
	ID      string `json:"id"`
	Refuses string `json:"refuses"`

	doc string // Refuses as Markdown
}

// allRules are those about pods, then the one about Bindings.
func allRules() []rule {
	var all []rule
	for _, r := range append(policy.Rules(), policy.Rule{ID: policy.RuleBinding, Doc: policy.RuleBindingDoc}) {
		all = append(all, rule{ID: r.ID, Refuses: plainText(r.Doc), doc: r.Doc})
	}
	return all
}

// ruleIDs are the names of all rules.
func ruleIDs(*cobra.Command) []string {
	var ids []string
	for _, r := range allRules() {
		ids = append(ids, r.ID)
	}
	return ids
}

func rules(c *console, ids []string, output string) error {
	listed, err := only("rule", ids, allRules(), func(r rule) string { return r.ID })
	if err != nil {
		return err
	}
	t := print.Table{Columns: []print.Column{{Title: "rule"}, {Title: "refuses"}}}
	for _, r := range listed {
		t.Rows = append(t.Rows, []string{code(r.ID), r.doc})
	}
	return list(c, output, listed, t)
}

// code is a name as Markdown; nothing stays nothing.
func code(name string) string {
	if name == "" {
		return ""
	}
	return "`" + name + "`"
}

// plainText is Markdown without the marks that the tables use.
func plainText(markdown string) string { return strings.ReplaceAll(markdown, "`", "") }
