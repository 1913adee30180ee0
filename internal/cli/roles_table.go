package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/override"
)

// roleTable says of every role what it is and where it runs.
func roleTable(roles []role) print.Table {
	t := print.Table{Columns: []print.Column{
		{Title: "policy"}, {Title: "role"}, {Title: "what it is"}, {Title: "how it is told", Wide: true}, {Title: "entry"},
		{Title: "node pools"}, {Title: "standard"}, {Title: "identity"}, {Title: "without an entry", Wide: true},
	}}
	policies := map[string]bool{}
	for _, r := range roles {
		policies[r.Policy] = true
	}
	for _, r := range roles {
		name := ""
		if len(policies) > 1 {
			name = code(r.Policy)
		}
		t.Rows = append(t.Rows, []string{
			name, code(r.Name), r.Doc, r.marks, r.entry(),
			cmp.Or(r.pools(), "not placed"), string(r.PodSecurity), r.identity(), r.withoutEntry(),
		})
	}
	return t
}

// pools are the node pools, each with what it is for.
func (r role) pools() string {
	var list []string
	for _, name := range r.NodePools {
		pool := code(name)
		if resources := r.Resources[name]; len(resources) > 0 {
			pool += " for " + codes(resources)
		}
		list = append(list, pool)
	}
	return strings.Join(list, ", ")
}

// entry says whose entry of the policy is in force; nothing where it is the role's own.
func (r role) entry() string {
	switch r.Entry {
	case r.Name:
		return ""
	case "":
		return "none"
	}
	return "as " + code(r.Entry)
}

// withoutEntry says what becomes of the role in a policy that has no entry for it.
func (r role) withoutEntry() string {
	switch {
	case r.Fallback != "":
		return "as " + code(r.Fallback)
	case r.Name == v1alpha1.RoleCore:
		return "all protected pools"
	case r.Name == v1alpha1.RoleOther:
		return "not placed, kept off protected pools"
	}
	return "" // a role of the policy's own is its entry
}

// identity is "2222", or each id by its name where they differ.
func (r role) identity() string {
	ids, alike := []string{}, r.RunAsUser != nil
	for _, id := range []struct {
		name  string
		value *int64
	}{{"uid", r.RunAsUser}, {"gid", r.RunAsGroup}, {"fsGroup", r.FSGroup}} {
		alike = alike && id.value != nil && *id.value == *r.RunAsUser
		if id.value != nil {
			ids = append(ids, fmt.Sprintf("%s %d", id.name, *id.value))
		}
	}
	switch {
	case alike:
		return fmt.Sprint(*r.RunAsUser)
	case len(ids) == 0:
		return "kept"
	}
	return strings.Join(ids, ", ")
}

// allowTable says of every role what its pods may have or ask for beyond that: a field of the policy or an override, and
// the values.
func allowTable(roles []role) print.Table {
	t := print.Table{Columns: []print.Column{{Title: "role"}, {Title: "allows"}, {Title: "values"}}}
	for _, r := range roles {
		for _, row := range r.allows() {
			t.Rows = append(t.Rows, append([]string{code(r.Name)}, row...))
		}
	}
	return t.Merged()
}

func (r role) allows() [][]string {
	var rows [][]string
	add := func(name, values string) {
		if values != "" {
			rows = append(rows, []string{code(name), values})
		}
	}
	add("rootImages", codes(r.RootImages))
	add("hostPaths", hostPaths(r.HostPaths))
	add("schedulerNames", mayBe(r.SchedulerNames))
	add("runtimeClassNames", mayBe(r.RuntimeClassNames))
	add("priorityClassNames", mayBe(r.PriorityClassNames))
	for _, o := range override.All() {
		add(o.Name, r.accepts(o))
	}
	return rows
}

// accepts are the bounds within which the role accepts an override; empty where it does not.
func (r role) accepts(o override.Override) string {
	if r.Overrides == nil {
		return ""
	}
	return o.Bounds(r.Overrides)
}

// mayBe are the values of an allow-list; empty where there is none.
func mayBe(list []string) string {
	if list != nil && len(list) == 0 {
		return "none"
	}
	return codes(list)
}

// hostPaths are the paths, by whose pods may mount them.
func hostPaths(paths []v1alpha1.HostPath) string {
	var groups []string
	for _, from := range []struct {
		who   v1alpha1.HostPathFrom
		named string
	}{{v1alpha1.FromRequester, "Polyaxon's own service account"}, {v1alpha1.FromAnyone, "anyone"}} {
		var list []string
		for _, p := range paths {
			switch {
			case p.From != from.who:
			case p.SubPaths:
				list = append(list, code(p.Path)+" and below")
			default:
				list = append(list, code(p.Path))
			}
		}
		if len(list) > 0 {
			groups = append(groups, strings.Join(list, ", ")+" from "+from.named)
		}
	}
	return strings.Join(groups, "; ")
}

// codes are names as Markdown, behind each other.
func codes(names []string) string {
	var list []string
	for _, name := range names {
		list = append(list, code(name))
	}
	return strings.Join(list, ", ")
}

// imageTable says which images bring an identity of their own, in which roles.
func imageTable(roles []role) print.Table {
	t := print.Table{Columns: []print.Column{{Title: "role"}, {Title: "image"}, {Title: "identity"}, {Title: "home"}}}
	for _, r := range roles {
		for _, i := range r.Images {
			ids := role{RunAsUser: i.RunAsUser, RunAsGroup: i.RunAsGroup, FSGroup: i.FSGroup}
			t.Rows = append(t.Rows, []string{code(r.Name), code(i.Repository), ids.identity(), string(i.Home)})
		}
	}
	return t.Merged()
}
