package cli

import (
	"fmt"

	"github.com/polymoat/polymoat/internal/cli/print"
)

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
