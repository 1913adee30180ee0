package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/drill"
)

// drilling are the flags of the command.
type drilling struct {
	*input.Connection
	policy, output   string
	node, zone, pool string
	width            int
}

func newDrill(c *console) *cobra.Command {
	d := &drilling{output: "text"}
	cmd := &cobra.Command{
		Use:   "drill",
		Short: "Say whether core comes back when nodes go",
		Long: `Say what happens to core if nodes go now: which of its pods come back and where,
which stay pending, and why. Without a flag, each node that core runs on goes in
turn. Nothing is changed in the cluster: the drill takes place in memory.

A node that goes is one that is deleted, or lost and then deleted. Its pods are
created again by their controllers, from their templates, and polymoat places
them by the policy in force. What no controller creates again does not come back.
Pods of a DaemonSet and static pods go with their node, and are not missed.

Nodes take pods as the default scheduler lets them: taints and node affinity,
room, host ports, volumes, topology spread, affinity between pods, preemption.
In which order pods come is chance, so the drill is repeated many times. A pod
that comes back in some orders only "may stay pending".

Not looked at: limits of attached volumes, free space of storage classes, dynamic
resources, other schedulers, and nodes that an autoscaler would add.

The policy is what --policy names, else the one that polymoat runs in the cluster.
Where there is none, the built-in one tells what core is, and places nothing.

The exit code is 1 where a pod of core would not come back, or may not.`,
		Example: `  # Is my core safe?
  kubectl polymoat drill

  # What if a whole zone goes?
  kubectl polymoat drill --zone europe-west1-b

  # List the pods that would stay pending, for each core node
  kubectl polymoat drill --pool core -o json |
    jq -r '.loss as $loss | .pods[] | select(.fate == "pending") | "\($loss): \(.name): \(.why)"'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := d.validate(cmd.Flags().Changed("width")); err != nil {
				return err
			}
			return d.run(cmd.Context(), c)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&d.node, "node", "", "`name` of the node that goes")
	flags.StringVar(&d.zone, "zone", "", "`name` of the zone whose nodes go, all at once")
	flags.StringVar(&d.pool, "pool", "", "`name` of the node pool whose nodes go, one at a time")
	flags.StringVar(&d.policy, "policy", "", "policy `file`, or folder of policies (default: the cluster's, else the built-in one)")
	completeManifests(flags, "policy")
	flags.StringVarP(&d.output, "output", "o", d.output, "`format`: text or json (a line for each drill)")
	complete(cmd, "output", "text", "json")
	flags.IntVar(&d.width, "width", 0, "`characters` in a line (default: the terminal's, else 80)")
	complete(cmd, "width", "80", "120", "200")
	d.Connection = input.NewConnection(flags, nil)
	return cmd
}

// validate finds what is wrong with the flags together.
func (d *drilling) validate(width bool) error {
	named := 0
	for _, flag := range []string{d.node, d.zone, d.pool} {
		if flag != "" {
			named++
		}
	}
	switch {
	case named > 1:
		return errors.New("--node, --zone and --pool each say what goes; name one of them")
	case d.output != "text" && d.output != "json":
		return fmt.Errorf("unknown output format %q; use text or json", d.output)
	case width && d.output == "json":
		return errors.New("--width is for text, and -o json has no lines; leave one of them out")
	case width && d.width < print.MinWidth:
		return fmt.Errorf("--width is %d; at least %d characters are needed", d.width, print.MinWidth)
	}
	return nil
}

// drilled is what came of one drill. Its fields are a promise to programs: they are only ever added to.
type drilled struct {
	Loss string `json:"loss"` // "node core-1", "zone b"
	drill.Report
}

func (d *drilling) run(ctx context.Context, c *console) error {
	files, placed, err := d.files(ctx, c)
	if err != nil {
		c.Fail(err)
	}
	by := compiled(c.Reader, files)
	if by.Policy == nil {
		return nil
	}
	r := newReading(d.Connection, c, by, placed)
	if err := r.read(ctx); err != nil {
		c.Fail(d.Remedy(err))
		return nil
	}
	losses, err := d.losses(r)
	if err != nil {
		c.Fail(err)
		return nil
	}
	cluster := drill.New(r.Facts)
	var all []drilled
	for _, l := range losses {
		all = append(all, drilled{l.name, cluster.Lose(l.nodes)})
		if !all[len(all)-1].Returns {
			c.Exit(exitDiffer)
		}
	}
	if d.output == "json" {
		return list(c, d.output, all)
	}
	printDrills(c.Console, all, d.width)
	return nil
}
