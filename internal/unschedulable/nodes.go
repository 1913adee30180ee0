package unschedulable

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// liveNodes is some of the live nodes.
type liveNodes []landing.Group

func (c liveNodes) count() int {
	n := 0
	for _, g := range c {
		n += g.Count
	}
	return n
}

func (c liveNodes) where(is func(landing.Node) bool) liveNodes {
	var some liveNodes
	for _, g := range c {
		if is(g.Node) {
			some = append(some, g)
		}
	}
	return some
}

// with is those that carry the label.
func (c liveNodes) with(key, value string) liveNodes {
	return c.where(func(n landing.Node) bool {
		own, ok := n.Labels[key]
		return ok && own == value
	})
}

// none says that nodes which were just counted do not do something: "none of them has".
func (c liveNodes) none(verb, third string) string {
	if c.count() == 1 {
		return "that one does not " + verb
	}
	return "none of them " + third
}

// outOf says that they are fewer than those which were just counted.
func (c liveNodes) outOf(all liveNodes) string {
	if c.count() == all.count() {
		return ""
	}
	return fmt.Sprintf(", of which it selects %d", c.count())
}

// mostTaints bounds the sentence: the nodes of a large cluster have many.
const mostTaints = 4

// repelled says how many of the nodes keep the pod off by what: `all 3 have taint "spot=true:NoSchedule", which it does
// not tolerate`. A node counts for each of its taints.
func (c liveNodes) repelled(search landing.Search) string {
	counts := map[string]int{}
	for _, g := range c {
		for t := range search.Repelling(g.Node) {
			counts[t.ToString()] += g.Count
		}
	}
	taints := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	cordon := landing.Cordoned()
	var clauses []string
	for _, taint := range taints[:min(len(taints), mostTaints)] {
		if taint == cordon.ToString() {
			clauses = append(clauses, c.share(counts[taint], "is cordoned", "are cordoned"))
			continue
		}
		clauses = append(clauses, fmt.Sprintf("%s taint %q, which it does not tolerate", c.share(counts[taint], "has", "have"), polyaxon.Clip(taint)))
	}
	if more := len(taints) - mostTaints; more > 0 {
		clauses = append(clauses, fmt.Sprintf("and %d more taints", more))
	}
	return strings.Join(clauses, "; ")
}

// share is the subject and verb of what holds for n of the nodes: "all 3 have", "1 has", "that one has".
func (c liveNodes) share(n int, one, several string) string {
	switch all := c.count(); {
	case n == 1 && all == 1:
		return "that one " + one
	case n == 1:
		return "1 " + one
	case n == all:
		return fmt.Sprintf("all %d %s", n, several)
	default:
		return fmt.Sprintf("%d %s", n, several)
	}
}

func nodes(n int) string {
	if n == 1 {
		return "1 node"
	}
	return fmt.Sprintf("%d nodes", n)
}

// are is the word for one, or for several.
func are(n int, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}
