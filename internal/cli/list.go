package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/print"
)

// formats are what rules, roles and overrides can print.
var formats = []string{"text", "wide", "markdown", "json"}

// addFormatTo adds the flag that chooses one of the formats.
func addFormatTo(cmd *cobra.Command, output *string) {
	*output = formats[0]
	cmd.Flags().StringVarP(output, "output", "o", *output, "`format`: text, wide, markdown or json (a line for each)")
	complete(cmd, "output", formats...)
}

// list prints records: one JSON object a line, or in tables with an empty line between them. A format that is not known
// is a mistake in the command line.
func list[R any](c *console, output string, records []R, tables ...print.Table) error {
	switch output {
	case "json":
		for _, r := range records {
			c.Print(print.JSON(r))
		}
	case "text":
		printTables(c.Console, tables, func(t print.Table) string { return t.Fitted(c.Styles.Width()) })
	case "wide":
		printTables(c.Console, tables, print.Table.Unwrapped)
	case "markdown":
		printTables(c.Console, tables, print.Table.Markdown)
	default:
		return fmt.Errorf("unknown output format %q; use text, wide, markdown or json", output)
	}
	return nil
}

func printTables(c *print.Console, tables []print.Table, format func(print.Table) string) {
	separator := ""
	for _, t := range tables {
		if text := format(t); text != "" {
			c.Print(separator + text)
			separator = "\n"
		}
	}
}

// oneOf is the error of a name that is not known, with the one that may have been meant.
func oneOf(noun, name string, known []string) error {
	if near := v1alpha1.Nearest(name, known); near != "" {
		return fmt.Errorf("unknown %s %q; did you mean %q?", noun, name, near)
	}
	return fmt.Errorf("unknown %s %q; known: %s", noun, name, v1alpha1.Quoted(known))
}

// only are the records of these names, in their own order; all of them where there are no names.
func only[R any](noun string, names []string, records []R, nameOf func(R) string) ([]R, error) {
	if len(names) == 0 {
		return records, nil
	}
	wanted, known := map[string]bool{}, []string{}
	for _, r := range records {
		known = append(known, nameOf(r))
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, oneOf(noun, name, known)
		}
		wanted[name] = true
	}
	return slices.DeleteFunc(slices.Clone(records), func(r R) bool { return !wanted[nameOf(r)] }), nil
}

// listByPolicy prints roles as list does. Those of several policies are in tables of their own, each below the policy's
// name: a table never mixes policies.
func listByPolicy(c *console, output string, roles []role, tables func([]role) []print.Table) error {
	groups := byPolicy(roles)
	if output == "json" || len(groups) < 2 {
		return list(c, output, roles, tables(roles)...)
	}
	for i, group := range groups {
		if i > 0 {
			c.Print("\n")
		}
		c.Print(fmt.Sprintf("Policy %q:\n\n", group[0].Policy))
		if err := list(c, output, group, tables(group)...); err != nil {
			return err
		}
	}
	return nil
}

// byPolicy are the roles of each policy, in their order.
func byPolicy(roles []role) [][]role {
	var groups [][]role
	for i, r := range roles {
		if i == 0 || r.Policy != roles[i-1].Policy {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], r)
	}
	return groups
}
