package cli

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/policy"
)

// auditing are the flags of the command.
type auditing struct {
	*input.Connection
	policy, namespace, output string
	watch                     bool
}

func newAudit(c *console) *cobra.Command {
	a := &auditing{output: "text"}
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Say what of a cluster is not as the policy means it",
		Long: `Say what of a cluster is not as the policy means it, whoever let it in and when:
pods that are on protected nodes and are not allowed there, pods that could get there
when they are created again, nodes, RuntimeClasses and rights that open the way.
Nothing needs to be installed, and nothing is written to the cluster.

The policy is what --policy names, else the one that polymoat runs in the cluster,
else the built-in one. Pods of the namespaces that it governs are looked at, those
that have ended aside. Rules in mode Warn and Audit count like those in mode
Enforce, and shadow does not; what an exception of the policy lifts is no finding.

A pod was created by its controller; what nothing owns was created by nobody who
is trusted. Overrides on Polyaxon's own resources are not read: they never lead to
a protected node.

The findings:

` + kindsText() + `
` + aboutWatch + `

The exit code is 1 where there is any.`,
		Example: `  # What does core share its nodes with?
  kubectl polymoat audit

  # List the pods that could be bound to core nodes, each with such a node
  kubectl polymoat audit -o json |
    jq -r 'select(.kind == "pod-may-reach-protected-node") | "\(.object) \(.witness)"'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return watched(cmd.Context(), c.Console, a.watch, everyFewSeconds, func(ctx context.Context) error { return a.run(ctx, c) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&a.policy, "policy", "", "policy `file`, or folder of policies (default: the cluster's, else the built-in one)")
	flags.StringVarP(&a.namespace, "namespace", "n", "", "`namespace` of pods to look at (default: all that the policy governs)")
	flags.StringVarP(&a.output, "output", "o", a.output, "`format`: text, wide or json (a line for each finding)")
	addWatchTo(flags, &a.watch)
	a.Connection = input.NewConnection(flags, nil)
	return cmd
}

// kindsText lists the kinds of findings for the help.
func kindsText() string {
	var text strings.Builder
	for _, k := range audit.Kinds {
		text.WriteString("  " + string(k.Kind) + "\n")
		for _, line := range print.Wrap(strings.ReplaceAll(k.Doc, "`", ""), print.UsualWidth-6) {
			text.WriteString("      " + line + "\n")
		}
	}
	return text.String()
}

// heapGrowth collects garbage when the heap has grown by half: what is kept is little, and a page of pods a lot beside it.
const heapGrowth = 50

func (a *auditing) run(ctx context.Context, c *console) error {
	defer debug.SetGCPercent(debug.SetGCPercent(heapGrowth))
	tell := newFindingsPrinter(c.Console, a.output)
	if tell == nil {
		return fmt.Errorf("unknown output format %q; use text, wide or json", a.output)
	}
	files, err := a.files(ctx, c)
	if err != nil {
		c.Fail(err)
	}
	p := c.Compile(files)
	if p == nil {
		return nil
	}
	namespaces := p.Namespaces()
	if a.namespace != "" {
		if !slices.Contains(namespaces, a.namespace) {
			c.Fail(fmt.Errorf("namespace %q is not governed by the policy; name one of %s", a.namespace, v1alpha1.Quoted(namespaces)))
			return nil
		}
		namespaces = []string{a.namespace}
	}
	r := &round{Connection: a.Connection, console: c, policy: p, auditor: audit.New(p, files), tell: tell, within: a.namespace, nodes: map[string]*landing.Node{}}
	r.corePods = r.auditor.CorePods()
	r.auditor.Core = func(string) []policy.CoreWorkload { return r.core }
	if err := r.walk(ctx, namespaces); err != nil {
		c.Fail(a.Remedy(err))
		return nil
	}
	if r.findings > 0 {
		c.Exit(exitDiffer)
	}
	tell.end(r.seen())
	return nil
}

// files are the policies to audit by; nil, and reported, where one of them is wrong.
func (a *auditing) files(ctx context.Context, c *console) ([]v1alpha1.File, error) {
	if a.policy != "" {
		return c.PolicyFiles(a.policy), nil
	}
	held, err := a.HeldPolicy(ctx, "name the policy with --policy FILE")
	switch {
	case err != nil:
		return nil, err
	case held == nil:
		return a.BuiltIn(c.Reader), nil
	}
	return c.TellPolicies(held, "policy")
}
