package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/manifest"
)

func newWhere(c *console) *cobra.Command {
	in, output := new(inputs), "text"
	cmd := &cobra.Command{
		Use:   "where -f FILE | KIND/NAME ...",
		Short: "Say on which node pools pods would land",
		Long: `Say for every pod and every node pool of the policy whether the scheduler could
bind the pod to a node of that pool, and name such a node.

The pod is taken as it stands, whatever its namespace: polymoat neither places
nor judges it first. A pool stands for every node that carries its label and its
taints, the nodes that do not exist yet included. A pod with spec.nodeName passes
by the scheduler: what becomes of it is for explain to say.

Files hold YAML or JSON: Pods, and every kind that carries a pod template.

` + aboutLive,
		Example: `  # Where could the pods of a file run?
  kubectl polymoat where -f job.yaml

  # Which pods of the cluster could land on core nodes?
  kubectl polymoat where pods -A -o json |
    jq -r 'select(any(.pools[]; .pool == "core" and .lands)) | .name'`,
	}
	in.addFilesTo(cmd.Flags())
	cmd.Flags().StringVarP(&in.namespace, "namespace", "n", "", "`namespace` of live objects (default: the context's)")
	cmd.Flags().StringVarP(&output, "output", "o", output, "`format`: text or json (a line for each pod)")
	complete(cmd, "output", "text", "json")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		in.live.names = args
		return where(c, in, output)
	}
	return cmd
}

// place is one pod of where's output. Its fields are a promise to programs: they are only ever added to.
type place struct {
	Name      string `json:"name"`                // of the object in the file
	Namespace string `json:"namespace,omitempty"` // of a live object
	// Template is the field path of the pod template; absent for a Pod itself.
	Template string       `json:"template,omitempty"`
	Pools    []placeOnOne `json:"pools"`

	title string // "job.yaml: Job/train", "job.batch/train"
}

// placeOnOne says whether the pod lands on one pool, and why.
type placeOnOne struct {
	Pool    string        `json:"pool"`
	Lands   bool          `json:"lands"`
	Witness *landing.Node `json:"witness,omitempty"` // absent where it does not land
	Because string        `json:"because"`
}

func where(c *console, in *inputs, output string) error {
	if err := in.validate(); err != nil {
		return err
	}
	if len(in.live.names) == 0 && in.namespace != "" {
		return errors.New("--namespace is for objects of a cluster; those of files land wherever they are created")
	}
	show := c.placePrinter(output)
	if show == nil {
		return fmt.Errorf("unknown output format %q; use text or json", output)
	}
	pools := c.pools(in.policy)
	if pools == nil {
		return nil
	}
	in.eachPod(c, c.noteSkipped, func(pod manifest.Pod) error {
		show(placeOf(pod, pools))
		return nil
	})
	return nil
}

// pools are the node pools of the policies at path, those that two policies describe alike once. It returns nil, and has
// reported why, where a policy is wrong.
func (c *console) pools(path string) []landing.Pool {
	files := c.policyFiles(path)
	if c.compile(files) == nil {
		return nil
	}
	var pools []landing.Pool
	for _, f := range files {
		for _, n := range f.Policy.Spec.NodePools {
			pool := poolOf(n)
			alike := func(p landing.Pool) bool { return p.Name == pool.Name && p.Key == pool.Key && p.Value == pool.Value }
			if !slices.ContainsFunc(pools, alike) {
				pools = append(pools, pool)
			}
		}
	}
	return pools
}

func poolOf(n v1alpha1.NodePool) landing.Pool {
	return landing.Pool{Name: n.Name, Key: n.NodeLabel.Key, Value: n.NodeLabel.Value, Taints: n.Taints}
}

func placeOf(pod manifest.Pod, pools []landing.Pool) place {
	o, constraints := pod.Object, landing.Of(&pod.Pod.Spec)
	p := place{Name: o.Name(), Template: pod.Path, title: o.Title()}
	if o.Live() {
		p.Namespace = o.Namespace()
		p.title += fmt.Sprintf(" (%s)", p.Namespace)
	}
	for _, pool := range pools {
		one := placeOnOne{Pool: pool.Name, Because: landing.Because(constraints, pool)}
		if node, ok := landing.Witness(constraints, pool); ok {
			one.Lands, one.Witness = true, &node
		}
		p.Pools = append(p.Pools, one)
	}
	return p
}

// placePrinter returns the function that prints one pod in a format; nil where there is no such format.
func (c *console) placePrinter(output string) func(place) {
	switch output {
	case "text":
		return c.placeText()
	case "json":
		return func(p place) { c.print(jsonText(p)) }
	}
	return nil
}

// placeText returns a function that prints pods as blocks with an empty line between them.
func (c *console) placeText() func(place) {
	separator := ""
	return func(p place) {
		b := &block{styles: c.styles}
		b.text.WriteString(separator)
		separator = "\n"
		b.line(b.bold, p.title)
		if p.Template != "" {
			b.field("Template", p.Template, nil)
		}
		for _, one := range p.Pools {
			b.place(one)
		}
		c.print(b.text.String())
	}
}

func (b *block) place(one placeOnOne) {
	b.field("Pool", one.Pool, b.bold)
	if one.Lands {
		b.field("Lands", "yes", nil)
	} else {
		b.field("Lands", "no", nil)
	}
	b.field("Because", one.Because, nil)
	if one.Witness != nil {
		b.field("Witness", one.Witness.String(), nil)
	}
}
