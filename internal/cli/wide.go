package cli

import (
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/explain"
)

// recordTable is explain's output with a line for each pod.
type recordTable struct{ print.Table }

func newRecordTable() *recordTable {
	return &recordTable{print.Table{Columns: []print.Column{
		{Title: "namespace"}, {Title: "object"}, {Title: "template"}, {Title: "role"}, {Title: "node pool"}, {Title: "verdict"}, {Title: "rules"},
	}}}
}

func (t *recordTable) add(r explain.Record) {
	t.Rows = append(t.Rows, lines(r.Namespace, r.Place, r.Template, r.Role, r.Pool, r.Verdict, rulesOf(r.Violations)))
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
type placeTable struct{ print.Table }

func newPlaceTable() *placeTable {
	return &placeTable{print.Table{Columns: []print.Column{
		{Title: "namespace"}, {Title: "object"}, {Title: "template"}, {Title: "lands on"}, {Title: "as placed"},
	}}}
}

func (t *placeTable) add(p place) {
	placed := ""
	if p.PlacedIn != "" {
		placed = landsOn(p.Placed)
	}
	t.Rows = append(t.Rows, lines(p.Namespace, p.object, p.Template, landsOn(p.Pools), placed))
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
		cells[i] = print.OneLine(cell)
	}
	return cells
}
