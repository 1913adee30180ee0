package cli

import (
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/explain"
)

// recordTable is explain's output with a line for each pod.
type recordTable struct{ table }

func newRecordTable() *recordTable {
	return &recordTable{table{columns: []column{
		{title: "namespace"}, {title: "object"}, {title: "template"}, {title: "role"}, {title: "node pool"}, {title: "verdict"}, {title: "rules"},
	}}}
}

func (t *recordTable) add(r explain.Record) {
	t.rows = append(t.rows, lines(r.Namespace, r.Place, r.Template, r.Role, r.Pool, r.Verdict, rulesOf(r.Violations)))
}

// rulesOf are the rules that are violated, each once.
func rulesOf(violations []explain.Violation) string {
	var ids []string
	for _, v := range violations {
		if !slices.Contains(ids, v.Rule) {
			ids = append(ids, v.Rule)
		}
	}
	return strings.Join(ids, ", ")
}

// placeTable is where's output with a line for each pod.
type placeTable struct{ table }

func newPlaceTable() *placeTable {
	return &placeTable{table{columns: []column{
		{title: "namespace"}, {title: "object"}, {title: "template"}, {title: "lands on"}, {title: "as placed"},
	}}}
}

func (t *placeTable) add(p place) {
	placed := ""
	if p.PlacedIn != "" {
		placed = landsOn(p.Placed)
	}
	t.rows = append(t.rows, lines(p.Namespace, p.object, p.Template, landsOn(p.Pools), placed))
}

// landsOn are the pools on which a pod lands.
func landsOn(places []placeOnOne) string {
	var names []string
	for _, one := range places {
		if one.Lands {
			names = append(names, one.Pool)
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}

// lines are cells of one line each.
func lines(cells ...string) []string {
	for i, cell := range cells {
		cells[i] = oneLine(cell)
	}
	return cells
}
