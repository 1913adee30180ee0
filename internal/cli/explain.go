package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/explain"
	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/policy"
)

func newExplain(c *console) *cobra.Command {
	in, output := new(inputs), "text"
	cmd := &cobra.Command{
		Use:   "explain -f FILE | KIND/NAME ...",
		Short: "Say what polymoat would do with pods, and why",
		Long: `Say for every pod which role it has and why, what polymoat would change in it,
and whether it would be refused.

` + aboutInputs + `

The exit code is 1 where any pod is refused.`,
		Example: `  # Explain the pods of a file
  kubectl polymoat explain -f job.yaml

  # Explain pods of the cluster, as if they were created again
  kubectl polymoat explain pods -n polyaxon -l app=polyaxon-notebook

  # List the pods of the cluster, one line for each
  kubectl polymoat explain pods -A -o wide

  # Explain what Helm would install, under a policy of one's own
  helm template polyaxon polyaxon/polyaxon |
    kubectl polymoat explain -n polyaxon --policy policy.yaml -f -

  # Ask as the service account that creates the pod
  kubectl polymoat explain -f pod.yaml \
    --as system:serviceaccount:polyaxon:polyaxon-polyaxon-serviceaccount

  # List the refused pods of a folder
  kubectl polymoat explain -R -f manifests/ -o json |
    jq -r 'select(.verdict == "Denied") | .name'`,
	}
	in.addTo(cmd.Flags())
	cmd.Flags().StringVarP(&output, "output", "o", output, "`format`: text, wide (a line for each pod), json (the same) or yaml")
	complete(cmd, "output", "text", "wide", "json", "yaml")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		in.live.Names = args
		return explainAll(c, in, output)
	}
	return cmd
}

func explainAll(c *console, in *inputs, output string) error {
	if err := in.validate(); err != nil {
		return err
	}
	printRecord, end := recordPrinter(c.Console, output)
	if printRecord == nil {
		return fmt.Errorf("unknown output format %q; use text, wide, json or yaml", output)
	}
	in.reviews(c, func(r review) {
		if r.decision.Verdict == policy.Denied {
			c.Exit(exitDiffer)
		}
		printRecord(explain.New(r.pod, r.namespace, r.decision))
	}, func(o manifest.Object) {
		if output == "text" || output == "wide" {
			noteSkipped(c.Console)(o)
		}
	})
	end()
	return nil
}

// noteSkipped returns a function that says of an object that it holds no pod.
func noteSkipped(c *print.Console) func(manifest.Object) {
	return func(o manifest.Object) { c.Tell("note: %s has no pod template\n", o.Place()) }
}

// recordPrinter returns the function that prints one record in a format, and the one to call at the end. Both are nil where
// there is no such format.
func recordPrinter(c *print.Console, output string) (show func(explain.Record), end func()) {
	nothing := func() {}
	switch output {
	case "text":
		return textPrinter(c), nothing
	case "wide":
		t := newRecordTable()
		return t.add, func() { c.Print(t.Unwrapped()) }
	case "json":
		return func(r explain.Record) { c.Print(print.JSON(r)) }, nothing
	case "yaml":
		return func(r explain.Record) { c.Print("---\n" + print.YAML(print.Plain(print.JSON(r)))) }, nothing
	}
	return nil, nil
}

// textPrinter returns a function that prints records as blocks with an empty line between them.
func textPrinter(c *print.Console) func(explain.Record) {
	first := true
	return func(r explain.Record) {
		block := &block{print.Block{Styles: c.Styles}}
		if !first {
			block.Text.WriteString("\n")
		}
		first = false
		block.add(r)
		c.Print(block.Text.String())
	}
}

// block is the text about one pod.
type block struct{ print.Block }

func (b *block) add(r explain.Record) {
	b.Line(b.Bold, r.Title())
	if r.Template != "" {
		b.Field("Template", r.Template, nil)
	}
	if r.Role != "" {
		b.Field("Role", r.Role, b.Bold)
	}
	if r.Why != "" {
		b.Field("Why", r.Why, nil)
	}
	b.Field("Verdict", r.Verdict, b.verdict(r.Verdict))
	for _, v := range r.Violations {
		b.Field("Violation", v.String(), nil)
	}
	for _, v := range r.Audited {
		b.Field("Audited", v.String(), nil)
	}
	for _, v := range r.Excused {
		b.Field("Excused", fmt.Sprintf("%s (exception %q)", v, r.Exception), nil)
	}
	if r.Shadow {
		b.Field("Shadow", "the changes are recorded, and not made", b.Yellow)
	}
	b.changes(r.Changes)
	for _, w := range r.Warnings {
		b.Field("Warning", w, b.Yellow)
	}
}

func (b *block) verdict(verdict string) *print.Style {
	switch verdict {
	case policy.Allowed.String():
		return b.Green
	case policy.OutOfScope.String():
		return b.Cyan
	}
	return b.Red
}
