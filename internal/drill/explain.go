package drill

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// explain says why a pod still waits: what is nearest to room for it first.
func (h *course) explain(a *arrival) (string, []Reason) {
	if o := h.behind(a); o != nil {
		return fmt.Sprintf("its StatefulSet does not create it before %q runs", o.pod.Name), nil
	}
	if a.never != "" {
		return a.never, nil
	}
	byReason := map[reason][]string{}
	l := h.look(a)
	for i, n := range h.nodes {
		if h.lost[i] {
			continue
		}
		why, ok := a.why[i]
		if !ok {
			why = h.refuses(a, i, l)
		}
		byReason[why] = append(byReason[why], n.Name)
	}
	if len(byReason) == 0 {
		return "no node is left", nil
	}
	order := slices.SortedFunc(maps.Keys(byReason), func(x, y reason) int {
		return cmp.Or(-cmp.Compare(x.rank, y.rank), cmp.Compare(byReason[x][0], byReason[y][0]), cmp.Compare(x.text, y.text))
	})
	var reasons []Reason
	var text []string
	for _, r := range order {
		reasons = append(reasons, Reason{r.text, byReason[r]})
		text = append(text, some(byReason[r])+": "+r.text)
	}
	return strings.Join(text, "; "), reasons
}

// some names the first of several nodes.
func some(nodes []string) string {
	switch len(nodes) {
	case 1:
		return nodes[0]
	case 2:
		return nodes[0] + " and " + nodes[1]
	}
	return fmt.Sprintf("%s and %d others", nodes[0], len(nodes)-1)
}
