package cli

import (
	"github.com/spf13/cobra"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/override"
)

func newOverrides(c *console) *cobra.Command {
	var path, name, output string
	var cluster *input.Connection
	cmd := &cobra.Command{
		Use:   "overrides",
		Short: "List what one run may ask for with annotations",
		Long: `List the annotations with which the pod of one run asks for something else than
its role gives it, and which roles of a policy accept them within which bounds.
Some may be written as a label, too, where Polyaxon drops annotations on the way.

What neither the role nor spec.defaults lists under overrides may not be asked
for. The built-in policy accepts any node pool that is not protected, any role
of runs, and ids from 1000 to 65534. A run that asks for another role gets its
place, and nothing else of it: no root, no path on the node, no list of names.

` + input.AboutPolicy,
		Example: `  # List all overrides
  kubectl polymoat overrides

  # What may jobs ask for, under a policy of one's own?
  kubectl polymoat overrides --policy policy.yaml --role jobs

  # Is what a run asks for accepted? One that is out of bounds is refused.
  kubectl polymoat explain -f run.yaml

  # The same from the webhook; nothing is created.
  kubectl create --dry-run=server -f run.yaml`,
		Args: cobra.NoArgs,
	}
	cluster = addGoverningTo(cmd, &path)
	addFormatTo(cmd, &output)
	cmd.Flags().StringVar(&name, "role", "", "`name` of the one role to list bounds of")
	utilruntime.Must(cmd.RegisterFlagCompletionFunc("role", completeWords(roleNames)))
	cmd.RunE = func(*cobra.Command, []string) error {
		return overrides(c, cluster.Governing(c.Reader, path), name, output)
	}
	return cmd
}

func overrides(c *console, files []v1alpha1.File, name, output string) error {
	roles := rolesOf(c.Reader, files)
	if roles == nil {
		return nil
	}
	if name != "" {
		var err error
		if roles, err = only("role", []string{name}, roles, roleName); err != nil {
			return err
		}
	}
	if output == "json" {
		return list(c, output, allOverrides(roles))
	}
	if err := list(c, output, []overrideRecord{}, overrideTable()); err != nil {
		return err
	}
	bounds := boundsTable(roles)
	if len(bounds.Rows) > 0 {
		c.Print("\n")
		return listByPolicy(c, output, roles, func(of []role) []print.Table { return []print.Table{boundsTable(of)} })
	}
	if output == "text" {
		c.Tell("note: none is accepted; a role accepts what its entry of the policy or spec.defaults lists under overrides\n")
	}
	return nil
}

// overrideRecord is one override of the output. Its fields are a promise to programs: they are only ever added to.
type overrideRecord struct {
	Name       string  `json:"name"`
	Doc        string  `json:"doc"`
	Example    string  `json:"example"`
	Label      bool    `json:"label"` // a label of that name counts as much
	AcceptedBy []bound `json:"acceptedBy"`
}

// bound says within which bounds a role of a policy accepts an override: "gpu, builds", "1000 to 1999".
type bound struct {
	Policy string `json:"policy"`
	Role   string `json:"role"`
	Bounds string `json:"bounds"`
}

func allOverrides(roles []role) []overrideRecord {
	var all []overrideRecord
	for _, o := range override.All() {
		record := overrideRecord{Name: o.Name, Doc: o.Doc, Example: o.Example, Label: o.Label, AcceptedBy: []bound{}}
		for _, r := range roles {
			if bounds := r.accepts(o); bounds != "" {
				record.AcceptedBy = append(record.AcceptedBy, bound{r.Policy, r.Name, bounds})
			}
		}
		all = append(all, record)
	}
	return all
}

// overrideTable says what each override asks for.
func overrideTable() print.Table {
	t := print.Table{Columns: []print.Column{{Title: "annotation"}, {Title: "asks for"}, {Title: "example"}, {Title: "label, too"}}}
	for _, o := range override.All() {
		label := "no"
		if o.Label {
			label = "yes"
		}
		t.Rows = append(t.Rows, []string{code(o.Name), o.Doc, code(o.Example), label})
	}
	return t
}

// boundsTable says which role accepts which override within which bounds.
func boundsTable(roles []role) print.Table {
	t := print.Table{Columns: []print.Column{{Title: "role"}, {Title: "annotation"}, {Title: "accepts"}}}
	for _, r := range roles {
		for _, o := range override.All() {
			if bounds := r.accepts(o); bounds != "" {
				t.Rows = append(t.Rows, []string{code(r.Name), code(o.Name), bounds})
			}
		}
	}
	return t.Merged()
}
