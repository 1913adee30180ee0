package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/polyaxon"
)

// matchers are the signals that give a pod its role, in the order in which they are tried: the policy's own, then the
// built-in. Those that ask for a label or an annotation are found by it, so that hundreds of roles cost a pod no more than
// its own.
type matchers struct {
	rows      []polyaxon.Row
	open      []int // those that ask for neither
	labelled  marks // those that ask for a label
	annotated marks // those that ask for annotations alone
}

// marks are rows by the first key that they ask for, and its value.
type marks map[[2]string][]int

func (m *marks) add(asked map[string]string, row int) {
	if *m == nil {
		*m = marks{}
	}
	mark := [2]string{firstKey(asked), asked[firstKey(asked)]}
	(*m)[mark] = append((*m)[mark], row)
}

func (m marks) near(list []int, has map[string]string) []int {
	if len(m) == 0 {
		return list
	}
	for key, value := range has {
		if more := m[[2]string{key, value}]; len(more) > 0 {
			list = append(slices.Clip(list), more...)
		}
	}
	return list
}

func (m *matchers) add(row polyaxon.Row) {
	at := len(m.rows)
	m.rows = append(m.rows, row)
	switch signal := row.Signal; {
	case len(signal.Labels) > 0:
		m.labelled.add(signal.Labels, at)
	case len(signal.Annotations) > 0:
		m.annotated.add(signal.Annotations, at)
	default:
		m.open = append(m.open, at)
	}
}

// near are the rows that may hold for the pod, in order.
func (m *matchers) near(pod *corev1.Pod) []int {
	list := m.annotated.near(m.labelled.near(m.open, pod.Labels), pod.Annotations)
	if len(list) > len(m.open) {
		slices.Sort(list) // a copy
	}
	return list
}
