package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/clustermap"
	"github.com/polymoat/polymoat/internal/picture"
	"github.com/polymoat/polymoat/internal/preview"
)

// mapping are the flags of the command map.
type mapping struct {
	*input.Connection
	policy, namespace, output string
	width                     int
	watch                     bool
}

// aboutMap is what its help says.
const aboutMap = `Draw the cluster: node pools as columns, nodes as boxes, pods as letters or as
cells coloured by role. The first sentence says whether core is alone on its
nodes. What should not be there is marked:

  !  the pod is on a protected node, and its role may not use that node pool, or it
     is core and not from a core workload: its owner's own template is not core's
  ?  the pod is on a protected node and says that it is core, and who created it
     is not known: it has no controller, or one that may run under any name

How a pod came there does not matter, and neither do modes and shadow: a pod
that was there before the policy is marked as well. One that an exception of the
policy lets in is not.

Nodes that are alike share a box where a pool has many. -o html writes a page
that needs neither network nor server: to search, to print, to show to others.
-o json writes all of it as one object.

The policy is what --policy names, else the one that polymoat runs in the cluster.
Nothing is written to the cluster.

` + aboutWatch + `

The exit code is 1 where a pod is marked with "!".`

func newMap(c *console) *cobra.Command {
	v := &mapping{output: "text"}
	cmd := &cobra.Command{
		Use:   "map",
		Short: "Draw who lives where: node pools, nodes and pods",
		Long:  aboutMap,
		Example: `  # Who lives where, as of now?
  kubectl polymoat map

  # Keep it in a terminal
  kubectl polymoat map --watch

  # The same as a page for the browser
  kubectl polymoat map -o html > map.html

  # Before anything is installed
  kubectl polymoat policy default > policy.yaml
  kubectl polymoat map --policy policy.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("width") {
				if err := v.checkWidth(); err != nil {
					return err
				}
			}
			if v.watch && v.output == "html" {
				return errors.New("--watch is for text and json; a page of -o html is written once")
			}
			return watched(cmd.Context(), c.Console, v.watch, everyFewSeconds, func(ctx context.Context) error { return v.run(ctx, c) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&v.policy, "policy", "", "policy `file` or folder (default: the cluster's ConfigMap)")
	completeManifests(flags, "policy")
	flags.StringVarP(&v.namespace, "namespace", "n", "", "`namespace` whose pods to draw (default: all)")
	flags.StringVarP(&v.output, "output", "o", v.output, "`format`: text, html or json")
	complete(cmd, "output", "text", "html", "json")
	flags.IntVar(&v.width, "width", 0, "`characters` in a line (default: the terminal's, else 80)")
	complete(cmd, "width", "80", "120", "200")
	addWatchTo(flags, &v.watch)
	v.Connection = input.NewConnection(flags, nil)
	return cmd
}

// checkWidth finds what is wrong with a width that was asked for.
func (v *mapping) checkWidth() error {
	switch {
	case v.output == "html", v.output == "json":
		return fmt.Errorf("--width is for text, and -o %s has no lines; leave one of them out", v.output)
	case v.width < print.MinWidth:
		return fmt.Errorf("--width is %d; at least %d characters are needed", v.width, print.MinWidth)
	}
	return nil
}

func (v *mapping) run(ctx context.Context, c *console) error {
	show := v.printer(c)
	if show == nil {
		return fmt.Errorf("unknown output format %q; use text, html or json", v.output)
	}
	files, err := v.InForce(ctx, c.Reader, "policy", v.policy)
	if err != nil {
		c.Fail(err)
	}
	by := compiled(c.Reader, files)
	if by.Policy == nil {
		return nil
	}
	drawn, err := v.survey(ctx, c, by)
	if err != nil {
		c.Fail(v.Remedy(err))
		return nil
	}
	if len(drawn.Findings(picture.Misplaced)) > 0 {
		c.Exit(exitDiffer)
	}
	show(drawn)
	return nil
}

// printer returns the function that prints a map in a format; nil where there is no such format.
func (v *mapping) printer(c *console) func(*picture.Map) {
	switch v.output {
	case "text":
		return func(m *picture.Map) { c.Print(picture.Text(m, c.PictureOptions(v.width))) }
	case "html":
		return func(m *picture.Map) {
			if err := picture.HTML(c.Out, m); err != nil {
				c.Fail(err)
			}
		}
	case "json":
		return func(m *picture.Map) { c.Print(print.JSON(m)) }
	}
	return nil
}

// survey reads the nodes, then the pods: of all namespaces, or where that is forbidden of those that the policy governs.
func (v *mapping) survey(ctx context.Context, c *console, by preview.Policies) (*picture.Map, error) {
	b, err := clustermap.New(by.Files, v.Host(), time.Now())
	if err != nil {
		return nil, err
	}
	if err := v.EachNode(ctx, b.AddNode); err != nil {
		return nil, err
	}
	for _, namespace := range by.Namespaces() {
		if v.namespace != "" && namespace != v.namespace {
			continue
		}
		core, err := v.CoreWorkloads(ctx, b.Rules, namespace)
		if err := c.UnlessForbidden(err, "which workloads are core is not known"); err != nil {
			return nil, err
		}
		b.Core[namespace] = core
	}
	var namespaces []string // of all
	if v.namespace != "" {
		namespaces = []string{v.namespace}
	}
	err = v.EachPod(ctx, []string{v.namespace}, b.AddPod)
	if v.namespace == "" && apierrors.IsForbidden(err) {
		c.Tell("note: only pods of governed namespaces are drawn: %v\n", err)
		namespaces = by.Namespaces()
		err = v.EachPod(ctx, namespaces, b.AddPod)
	}
	if err != nil {
		return nil, err
	}
	return b.Map(namespaces), nil
}
