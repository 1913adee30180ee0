package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/manifest"
	"github.com/polymoat/polymoat/internal/policy"
)

func newWhere(c *console) *cobra.Command {
	in, output := new(inputs), "text"
	cmd := &cobra.Command{
		Use:   "where -f FILE | KIND/NAME ...",
		Short: "Say on which node pools pods would land",
		Long: `Say for every pod and every node pool of the policy whether the scheduler could
bind the pod to a node of that pool, and name such a node.

The pod is taken twice: as it is written, and as polymoat places it when it is
created. In a file that names no namespace, that is in the first that the policy
governs. A pool stands for every node that carries its label and its taints, the
nodes that do not exist yet included. No scheduler looks at a pod with
spec.nodeName: of the taints it meets those with effect NoExecute alone.

Files hold YAML or JSON: Pods, and every kind that carries a pod template.

` + input.AboutPolicy + `

` + input.AboutLive,
		Example: `  # Where could the pods of a file run?
  kubectl polymoat where -f job.yaml

  # Which pods of the cluster could land on core nodes?
  kubectl polymoat where pods -A -o json |
    jq -r 'select(any(.pools[]; .pool == "core" and .lands)) | .name'`,
	}
	in.addFilesTo(cmd.Flags())
	cmd.Flags().StringVarP(&in.namespace, "namespace", "n", "", "`namespace` of live objects (default: the context's)")
	cmd.Flags().StringVarP(&output, "output", "o", output, "`format`: text, wide or json (a line for each pod)")
	complete(cmd, "output", "text", "wide", "json")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		in.live.Names = args
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
	Pools    []placeOnOne `json:"pools"` // as it is written
	// Placed is the same for the pod as it is placed in the namespace PlacedIn; absent where none of the policies governs it.
	PlacedIn string       `json:"placedIn,omitempty"`
	Placed   []placeOnOne `json:"placed,omitempty"`

	object, title string // "job.yaml: Job/train", "job.batch/train"; the title also names the namespace of a live one
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
	if len(in.live.Names) == 0 && in.namespace != "" {
		return errors.New("--namespace is for objects of a cluster; those of files land wherever they are created")
	}
	show, end := placePrinter(c.Console, output)
	if show == nil {
		return fmt.Errorf("unknown output format %q; use text, wide or json", output)
	}
	files := in.policies(c)
	rules := c.Compile(files)
	if rules == nil {
		return nil
	}
	pools := poolsOf(files)
	in.eachPod(c, noteSkipped(c.Console), func(pod manifest.Pod) error {
		p := placeOf(pod, pools)
		p.PlacedIn = cmp.Or(pod.Object.Namespace(), rules.Namespaces()[0])
		if rules.Governs(p.PlacedIn) {
			p.Placed = placesOn(pools, placed(rules, p.PlacedIn, in.user(pod), pod))
		} else {
			p.PlacedIn = ""
		}
		show(p)
		return nil
	})
	end()
	return nil
}

// placed is the spec of the pod as it is stored when it is created.
func placed(rules *policy.Policy, namespace string, user policy.UserInfo, pod manifest.Pod) *corev1.PodSpec {
	d := rules.Mutate(policy.Request{Namespace: namespace, User: user, Pod: pod.Pod, Owner: pod.Owner, Today: v1alpha1.DayOf(time.Now())})
	return &cmp.Or(d.Pod, pod.Pod).Spec
}

// poolsOf are the node pools of policies, those that two policies describe alike once.
func poolsOf(files []v1alpha1.File) []landing.Pool {
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
	o := pod.Object
	p := place{Name: o.Name(), Template: pod.Path, object: o.Title(), title: o.Title(), Pools: placesOn(pools, &pod.Pod.Spec)}
	if o.Live() {
		p.Namespace = o.Namespace()
		p.title += fmt.Sprintf(" (%s)", p.Namespace)
	}
	return p
}

func placesOn(pools []landing.Pool, spec *corev1.PodSpec) []placeOnOne {
	var places []placeOnOne
	constraints := landing.Of(spec)
	for _, pool := range pools {
		heeded, how := pool, ""
		if spec.NodeName != "" {
			heeded.Taints, how = landing.NoExecute(pool.Taints), "no scheduler looks at a pod with spec.nodeName: "
		}
		one := placeOnOne{Pool: pool.Name, Because: how + landing.Because(constraints, heeded)}
		if node, ok := landing.Witness(constraints, heeded); ok {
			node.Taints = pool.Taints
			one.Lands, one.Witness = true, &node
		}
		places = append(places, one)
	}
	return places
}

// placePrinter returns the function that prints one pod in a format, and the one to call at the end. Both are nil where there
// is no such format.
func placePrinter(c *print.Console, output string) (show func(place), end func()) {
	nothing := func() {}
	switch output {
	case "text":
		return placeText(c), nothing
	case "wide":
		t := newPlaceTable()
		return t.add, func() { c.Print(t.Unwrapped()) }
	case "json":
		return func(p place) { c.Print(print.JSON(p)) }, nothing
	}
	return nil, nil
}

// placeText returns a function that prints pods as blocks with an empty line between them.
func placeText(c *print.Console) func(place) {
	separator := ""
	return func(p place) {
		b := &block{print.Block{Styles: c.Styles}}
		b.Text.WriteString(separator)
		separator = "\n"
		b.Line(b.Bold, p.title)
		if p.Template != "" {
			b.Field("Template", p.Template, nil)
		}
		b.Line(b.Bold, "  As written:")
		for _, one := range p.Pools {
			b.place(one)
		}
		if p.PlacedIn != "" {
			b.Line(b.Bold, fmt.Sprintf("  As placed in namespace %q:", p.PlacedIn))
		}
		for _, one := range p.Placed {
			b.place(one)
		}
		c.Print(b.Text.String())
	}
}

func (b *block) place(one placeOnOne) {
	b.Field("Pool", one.Pool, b.Bold)
	if one.Lands {
		b.Field("Lands", "yes", nil)
	} else {
		b.Field("Lands", "no", nil)
	}
	b.Field("Because", one.Because, nil)
	if one.Witness != nil {
		b.Field("Witness", one.Witness.In(one.Pool), nil)
	}
}
