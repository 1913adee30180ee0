package picture

import (
	"slices"
	"strings"
)

// box is one node, or several of which the same is to be said.
type box struct {
	name  string // of the first
	nodes int
	alike bool     // all of them hold as many pods of each role
	notes []string // of all of them
	pods  []Pod    // of all of them; of nodes that are alike, those of the first
}

// title names the node or counts the nodes, in at most so many characters: "core-1", "9 like core-1", "4,988 nodes".
func (b box) title(width int, dots string) string {
	switch {
	case b.nodes == 1:
		return cut(b.name, width, dots)
	case b.alike:
		like := number(b.nodes) + " like "
		return like + cut(b.name, width-len(like), dots)
	}
	return count(b.nodes, "node")
}

// boxes are those of a pool. Where there are too many nodes to draw each, nodes that are alike share one; where there are
// too many kinds of those, all nodes do on which nothing is wrong.
func boxes(nodes []Node) []box {
	each := make([]box, 0, len(nodes))
	for _, n := range nodes {
		each = append(each, box{name: n.Name, nodes: 1, notes: n.Notes, pods: n.Pods})
	}
	if len(each) <= mostBoxes {
		return each
	}
	if folded := foldAlike(nodes); len(folded) <= mostBoxes {
		return folded
	}
	return foldCalm(nodes)
}

// foldAlike puts nodes together that hold as many pods of each role; those on which something is wrong stay alone.
func foldAlike(nodes []Node) []box {
	var folded []box
	at := map[string]int{}
	for _, n := range nodes {
		key := likeness(n)
		if i, ok := at[key]; ok && !n.marked() {
			folded[i].nodes++
			folded[i].alike = true
			continue
		}
		if !n.marked() {
			at[key] = len(folded)
		}
		folded = append(folded, box{name: n.Name, nodes: 1, notes: n.Notes, pods: n.Pods})
	}
	return folded
}

// likeness is equal for nodes that look alike.
func likeness(n Node) string {
	words := slices.Clone(n.Notes)
	for _, p := range n.Pods {
		words = append(words, "/"+p.Role)
	}
	return strings.Join(words, "\n")
}

// foldCalm draws the first nodes on which something is wrong, and puts all others together.
func foldCalm(nodes []Node) []box {
	var folded []box
	rest := box{}
	notes := map[string]int{}
	for _, n := range nodes {
		if n.marked() && len(folded) < mostBoxes-1 {
			folded = append(folded, box{name: n.Name, nodes: 1, notes: n.Notes, pods: n.Pods})
			continue
		}
		rest.nodes++
		rest.pods = append(rest.pods, n.Pods...)
		for _, note := range n.Notes {
			if notes[note]++; notes[note] == 1 {
				rest.notes = append(rest.notes, note)
			}
		}
	}
	for i, note := range rest.notes {
		rest.notes[i] = number(notes[note]) + " " + note
	}
	return append(folded, rest)
}
