package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/drift"
)

// verification are the flags of verify, and what it reads.
type verification struct {
	*input.Connection
	console        *console
	policy, output string
	files, presets []string
	facts          drift.Facts
}

func newVerify(c *console) *cobra.Command {
	v := &verification{console: c, output: "text"}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Say where cluster, presets and policy have drifted apart",
		Long: `Hold the layers that say who lives where against the policy: the policy in force, its
native twin, Polyaxon's own workloads (what the values of its chart made), the labels
and taints of nodes, what starts nodes (NodePools of Karpenter, MachineDeployments of
the Cluster API), ResourceFlavors of Kueue, and presets. Each drift comes with its
fix; words in capitals are to be replaced. Nothing is sent.

Node groups of a cloud's own autoscaler are not in the cluster: only the nodes that
they started are seen. Static manifests of the twin are not, either.

` + input.AboutPolicy + `
A policy that is named is held against the one in force, too.

The exit code is 1 where anything drifted, or where you may not look at something.`,
		Example: `  # Has anything drifted?
  kubectl polymoat verify

  # From the policy and the presets that a repository has
  kubectl polymoat verify --policy policy.yaml --presets presets/

  # In a cluster that files describe
  kubectl get nodes,deployments,statefulsets -A -o yaml > cluster.yaml
  kubectl polymoat verify --policy policy.yaml -f cluster.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return v.run(cmd.Context()) },
	}
	flags := cmd.Flags()
	v.Connection = addGoverningTo(cmd, &v.policy)
	flags.StringArrayVarP(&v.files, "filename", "f", nil, "`file`, folder or - (standard input) that describes the cluster; repeatable (default: the live one)")
	flags.StringArrayVar(&v.presets, "presets", nil, "`file` or folder with presets, or with ConfigMaps that hold them; repeatable")
	flags.StringVarP(&v.output, "output", "o", v.output, "`format`: text or json (a line for each drift)")
	completeManifests(flags, "filename")
	completeManifests(flags, "presets")
	complete(cmd, "output", "text", "json")
	return cmd
}

func (v *verification) run(ctx context.Context) error {
	c := v.console
	if v.output != "text" && v.output != "json" {
		return fmt.Errorf("unknown output format %q; use text or json", v.output)
	}
	v.facts.Policies = v.Governing(c.Reader, v.policy)
	if c.Compile(v.facts.Policies) == nil {
		return nil
	}
	if len(v.files) > 0 {
		v.readFiles()
	} else if err := v.readCluster(ctx); err != nil {
		c.Fail(v.Remedy(err))
	}
	v.readPresets()
	if c.Code == exitError {
		return nil
	}
	found := drift.Find(&v.facts)
	if len(found) > 0 {
		c.Exit(exitDiffer)
	}
	if v.output == "json" {
		return list(c, v.output, found)
	}
	c.Print(driftText(found, c.Styles.Width()))
	c.Print(looked(&v.facts, len(found)))
	return nil
}

// driftText is a table of drifts, and below it each fix on a line of its own: it is there to be copied.
func driftText(found []drift.Drift, characters int) string {
	if len(found) == 0 {
		return ""
	}
	t := print.Table{Columns: []print.Column{{Title: "layer"}, {Title: "object"}, {Title: "drift"}, {Title: "fix"}}}
	var fixes []string
	for _, d := range found {
		if !slices.Contains(fixes, d.Fix) {
			fixes = append(fixes, d.Fix)
		}
		t.Rows = append(t.Rows, []string{string(d.Layer), print.OneLine(d.Object), print.OneLine(d.What), fmt.Sprintf("[%d]", slices.Index(fixes, d.Fix)+1)})
	}
	var text strings.Builder
	text.WriteString(t.Fitted(characters) + "\n")
	for i, fix := range fixes {
		fmt.Fprintf(&text, "[%d] %s\n", i+1, print.OneLine(fix))
	}
	return text.String() + "\n"
}

// looked is the last line: how much drifted, of what.
func looked(f *drift.Facts, drifts int) string {
	text := "Nothing drifted."
	if drifts > 0 {
		text = count(drifts, "drift") + "."
	}
	return fmt.Sprintf("%s Looked at %s, %s of the native twin, %s, %s, %s, %s and %s.\n", text,
		countOf(len(f.Policies), "policy", "policies"), count(len(f.Twin), "object"), count(len(f.Workloads), "workload"), count(len(f.Nodes), "node"),
		count(len(f.Groups), "group")+" of nodes", count(len(f.Flavors), "ResourceFlavor"), count(len(f.Presets), "preset"))
}

func countOf(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}
