package picture

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/fatih/color"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// roles are those of a Map's pods, in the order of the legend.
type roles struct {
	list  []role
	index map[string]int // by name
}

// role is what the legend says of one.
type role struct {
	Name   string // empty: not governed
	Letter string // told apart without colour: "J"
	Pods   int
	colour int    // its index in palette
	marks  []Mark // of its pods
}

// Title is the role's name in a legend.
func (r role) Title() string { return cmp.Or(r.Name, "not governed") }

// Class is the CSS class of its colour.
func (r role) Class() string {
	if r.colour == none {
		return "role-none"
	}
	return "role-" + strconv.Itoa(r.colour)
}

// terminal is how its letter looks in a terminal.
func (r role) terminal() []color.Attribute {
	if r.colour == none {
		return noneColour.terminal
	}
	return palette[r.colour].terminal
}

// newRoles finds the roles of all pods: the known ones in their order, those of the policy by name, at last what no
// policy governs.
func newRoles(m *Map) roles {
	pods, marks := map[string]int{}, map[string][]Mark{}
	for p := range m.all {
		pods[p.Role]++
		if p.Mark != "" && !slices.Contains(marks[p.Role], p.Mark) {
			marks[p.Role] = append(marks[p.Role], p.Mark)
		}
	}
	names := slices.SortedFunc(maps.Keys(pods), func(a, b string) int {
		return cmp.Or(cmp.Compare(roleRank(a), roleRank(b)), cmp.Compare(a, b))
	})
	rs := roles{index: map[string]int{}}
	// A role keeps its letter and colour in every cluster: those of the known ones are given out first, there or not.
	taken, own := map[string]bool{}, len(v1alpha1.KnownRoles)
	letters := map[string]string{}
	for _, name := range slices.Concat(v1alpha1.KnownRoles, names) {
		if _, ok := letters[name]; !ok {
			letters[name] = letterFor(name, taken)
		}
	}
	for _, name := range names {
		colour := colourOf(roleRank(name))
		if name != "" && roleRank(name) == len(v1alpha1.KnownRoles) {
			colour = colourOf(own)
			own++
		}
		rs.index[name] = len(rs.list)
		rs.list = append(rs.list, role{Name: name, Letter: letters[name], Pods: pods[name], colour: colour, marks: marks[name]})
	}
	return rs
}

// roleRank orders the known roles, then those of a policy, then none.
func roleRank(name string) int {
	if name == "" {
		return none
	}
	if i := slices.Index(v1alpha1.KnownRoles, name); i >= 0 {
		return i
	}
	return len(v1alpha1.KnownRoles)
}

// letterFor takes the first free letter of the name, else of the alphabet. With more roles than letters, the rest share one.
func letterFor(name string, taken map[string]bool) string {
	if name == "" {
		return "-"
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for _, r := range strings.ToUpper(name) + name + alphabet {
		letter := string(r)
		if r <= unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) && !taken[letter] {
			taken[letter] = true
			return letter
		}
	}
	return "+"
}

// of is the role of a pod.
func (rs roles) of(p Pod) role { return rs.list[rs.index[p.Role]] }

// sort puts marked pods first, misplaced ones before the others, then those of one role together.
func (rs roles) sort(pods []Pod) {
	marks := []Mark{Misplaced, Unproven, ""}
	slices.SortFunc(pods, func(a, b Pod) int {
		return cmp.Or(
			cmp.Compare(slices.Index(marks, a.Mark), slices.Index(marks, b.Mark)), cmp.Compare(rs.index[a.Role], rs.index[b.Role]),
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

// all yields every pod.
func (m *Map) all(yield func(Pod) bool) {
	for _, p := range m.Pools {
		for _, n := range p.Nodes {
			for _, pod := range n.Pods {
				if !yield(pod) {
					return
				}
			}
		}
	}
	for _, pod := range m.Waiting {
		if !yield(pod) {
			return
		}
	}
}
