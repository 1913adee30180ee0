package picture

import "cmp"

// data is the map as the page's script reads it: tens of thousands of pods in a few megabytes. What repeats stands in a
// list, and is said by its index.
type data struct {
	Namespaces []string   `json:"namespaces"`
	Owners     []string   `json:"owners"`
	Projects   []string   `json:"projects"`
	Parents    []string   `json:"parents"`
	Reasons    []string   `json:"reasons"`
	Roles      []roleData `json:"roles"`
	// Columns are the boxes of each column of the page, in its order.
	Columns [][]boxData `json:"columns"`
}

type roleData struct {
	Name   string `json:"name"`
	Letter string `json:"letter"`
	Class  string `json:"class"`
}

// boxData is one node, or the pods of one namespace that wait.
type boxData struct {
	Name  string    `json:"name"`
	Note  []string  `json:"notes,omitempty"`
	Pods  []podData `json:"pods"`
	Waits bool      `json:"waits,omitempty"`
}

// podData is name, namespace, role, owner, project, parent, sign and reason of a pod.
type podData [8]any

// index gives each text of a list its number.
type index struct {
	list []string
	at   map[string]int
}

func newIndex() *index { return &index{list: []string{}, at: map[string]int{}} }

func (x *index) of(text string) int {
	i, ok := x.at[text]
	if !ok {
		i = len(x.list)
		x.at[text], x.list = i, append(x.list, text)
	}
	return i
}

// compact is a map on its way to data.
type compact struct {
	roles                                         roles
	namespaces, owners, projects, parents, reason *index
}

func newData(m *Map, roles roles) data {
	c := &compact{roles, newIndex(), newIndex(), newIndex(), newIndex(), newIndex()}
	d := data{Columns: [][]boxData{}}
	for _, r := range roles.list {
		d.Roles = append(d.Roles, roleData{r.Title(), r.Letter, r.Class()})
	}
	for _, p := range drawn(m) {
		boxes := []boxData{}
		for _, n := range p.Nodes {
			boxes = append(boxes, boxData{Name: n.Name, Note: n.Notes, Pods: c.pods(n.Pods)})
		}
		d.Columns = append(d.Columns, boxes)
	}
	if boxes := c.waiting(m.Waiting); len(boxes) > 0 {
		d.Columns = append(d.Columns, boxes)
	}
	d.Namespaces, d.Owners, d.Projects, d.Parents, d.Reasons = c.namespaces.list, c.owners.list, c.projects.list, c.parents.list, c.reason.list
	return d
}

func (c *compact) pods(pods []Pod) []podData {
	all := []podData{}
	for _, p := range pods {
		project := p.Project
		if p.Owner != "" && project != "" {
			project = p.Owner + "/" + project // two owners may call a project alike
		}
		all = append(all, podData{
			p.Name, c.namespaces.of(p.Namespace), c.roles.index[p.Role], c.owners.of(p.Owner), c.projects.of(project),
			c.parents.of(p.Parent), p.Mark.sign(), c.reason.of(p.Because),
		})
	}
	return all
}

// waiting are the pods without a node, in a box for each namespace.
func (c *compact) waiting(pods []Pod) []boxData {
	var boxes []boxData
	at := newIndex()
	for _, p := range pods {
		i := at.of(p.Namespace)
		if i == len(boxes) {
			boxes = append(boxes, boxData{Name: p.Namespace, Waits: true})
		}
		boxes[i].Pods = append(boxes[i].Pods, c.pods([]Pod{p})...)
	}
	return boxes
}

// column is a pool as the page shows it before and without the script, or the pods that wait.
type column struct {
	Title, Label string
	Protected    bool
	Waits        bool
	Nodes, Pods  int
	Roles        []share
}

// Large says that the column is wider than the others, where there is room.
func (c column) Large() bool { return c.Nodes > 60 }

// share is how many pods of a column have a role.
type share struct {
	role
	Pods        int
	From, Width float64 // of its part of a bar of 100
}

// columns are those of the page: the pools, and at last the pods that wait.
func columns(m *Map, roles roles) []column {
	var columns []column
	for _, p := range drawn(m) {
		var pods []Pod
		for _, n := range p.Nodes {
			pods = append(pods, n.Pods...)
		}
		columns = append(columns, column{
			Title: cmp.Or(p.Name, "In no node pool"), Label: p.Label, Protected: p.Protected,
			Nodes: len(p.Nodes), Pods: len(pods), Roles: shares(pods, roles),
		})
	}
	if len(m.Waiting) > 0 {
		columns = append(columns, column{Title: "Waiting for a node", Waits: true, Pods: len(m.Waiting), Roles: shares(m.Waiting, roles)})
	}
	return columns
}

func shares(pods []Pod, roles roles) []share {
	all := make([]share, len(roles.list))
	for i, r := range roles.list {
		all[i].role = r
	}
	for _, p := range pods {
		all[roles.index[p.Role]].Pods++
	}
	from := 0.0
	for i := range all {
		all[i].From, all[i].Width = from, 100*float64(all[i].Pods)/float64(max(1, len(pods)))
		from += all[i].Width
	}
	return all
}

// drawn are the pools that are drawn: a nameless one without nodes is not.
func drawn(m *Map) []Pool {
	if n := len(m.Pools); n > 0 && m.Pools[n-1].Name == "" && len(m.Pools[n-1].Nodes) == 0 {
		return m.Pools[:n-1]
	}
	return m.Pools
}
