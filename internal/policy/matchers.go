package policy

import (
	"slices"

	"github.com/polymoat/polymoat/internal/polyaxon"
)

// matchers are the signals that give a pod its role, in the order in which they are tried: the policy's own, then the
// built-in. Those that ask for a label are found by it, so that hundreds of roles cost a pod no more than its own labels.
type matchers struct {
	rows     []polyaxon.Row
	open     []int               // those that ask for no label
	labelled map[[2]string][]int // the others, by the first key that they ask for and its value
}

func (m *matchers) add(row polyaxon.Row) {
	at := len(m.rows)
	m.rows = append(m.rows, row)
	key := firstKey(row.Signal.Labels)
	if key == "" {
		m.open = append(m.open, at)
		return
	}
	if m.labelled == nil {
		m.labelled = map[[2]string][]int{}
	}
	label := [2]string{key, row.Signal.Labels[key]}
	m.labelled[label] = append(m.labelled[label], at)
}

// near are the rows that may hold for a pod with these labels, in order.
func (m *matchers) near(labels map[string]string) []int {
	list := m.open
	if len(m.labelled) == 0 {
		return list
	}
	for key, value := range labels {
		if more := m.labelled[[2]string{key, value}]; len(more) > 0 {
			list = append(slices.Clip(list), more...)
		}
	}
	if len(list) > len(m.open) {
		slices.Sort(list) // a copy
	}
	return list
}
