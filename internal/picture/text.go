package picture

import (
	"fmt"
	"strings"

	"github.com/fatih/color"
)

// Options say what a terminal can show.
type Options struct {
	Width  int  // in characters
	Colour bool // else a letter tells the role alone
	ASCII  bool // no lines for boxes
	// Escape stands for the character that begins a colour, for a caller who tells those of the drawing from those of names.
	Escape string
}

// How a terminal is divided.
const (
	minColumn = 24 // below, pools stand under each other
	maxColumn = 60
	columnGap = 2
	// mostLines is how many lines of letters a box has; with more pods it counts them.
	mostLines = 3
	// mostBoxes is how many boxes a pool has. With more nodes those that are alike share one, and then all in which
	// nothing is wrong.
	mostBoxes = 12
	// mostListed bounds the lists below the pools.
	mostListed = 20
)

// Text draws the map for a terminal.
func Text(m *Map, o Options) string {
	d := &drawing{Options: o, roles: newRoles(m), frame: lines}
	if o.ASCII {
		d.frame = ascii
	}
	d.summary(m)
	d.pools(drawn(m))
	d.legend()
	d.findings("May not be there", m.Findings(Misplaced))
	d.findings("Say that they are core, and nobody knows who created them", m.Findings(Unproven))
	d.waiting(m.Waiting)
	return d.text.String()
}

// drawing is a map on its way to a terminal.
type drawing struct {
	Options
	roles roles
	frame frame
	text  strings.Builder
}

// frame are the characters of boxes.
type frame struct{ topLeft, topRight, bottomLeft, bottomRight, across, down, dots string }

var (
	lines = frame{"┌", "┐", "└", "┘", "─", "│", "…"}
	ascii = frame{"+", "+", "+", "+", "-", "|", "~"}
)

// summary begins with what matters most.
func (d *drawing) summary(m *Map) {
	sentence, alone := m.Summary()
	style := []color.Attribute{color.Bold, color.FgRed}
	if alone {
		style = []color.Attribute{color.Bold, color.FgGreen}
	}
	d.paragraph(sentence, style...)
	for _, remark := range m.Remarks() {
		d.paragraph(remark)
	}
	d.text.WriteString("\n")
}

func (d *drawing) paragraph(text string, style ...color.Attribute) {
	for _, l := range wrap(text, d.Width) {
		d.write(line{{l, style}})
	}
}

// legend says what the letters and signs mean.
func (d *drawing) legend() {
	var words []line
	marked := map[Mark]bool{}
	for _, r := range d.roles.list {
		words = append(words, line{{r.Letter, r.terminal()}, {fmt.Sprintf(" %s %s", r.Title(), number(r.Pods)), nil}})
		for _, mark := range r.marks {
			marked[mark] = true
		}
	}
	if marked[Misplaced] {
		words = append(words, line{{Misplaced.sign(), warning}, {" not allowed there", nil}})
	}
	if marked[Unproven] {
		words = append(words, line{{Unproven.sign(), warning}, {" says that it is core", nil}})
	}
	for _, l := range flow(words, d.Width, 3) {
		d.write(l)
	}
}

// findings lists marked pods and where they are.
func (d *drawing) findings(title string, found []Finding) {
	var items []string
	for _, f := range found {
		items = append(items, f.Place()+": "+f.Because)
	}
	d.list(title, items)
}

func (d *drawing) waiting(pods []Pod) {
	var items []string
	for _, p := range pods {
		items = append(items, fmt.Sprintf("%s/%s (%s)", p.Namespace, p.Name, d.roles.of(p).Title()))
	}
	d.list("Wait for a node", items)
}

// list writes the first of the items under a title, and counts the others; nothing where there are none.
func (d *drawing) list(title string, items []string) {
	if len(items) == 0 {
		return
	}
	d.text.WriteString("\n")
	d.write(line{{title + ":", []color.Attribute{color.Bold}}})
	shown := min(len(items), mostListed)
	for _, item := range items[:shown] {
		for i, l := range wrap(item, d.Width-4) {
			indent := "  "
			if i > 0 {
				indent = "    "
			}
			d.write(line{{indent + l, nil}})
		}
	}
	if more := len(items) - shown; more > 0 {
		d.write(line{{fmt.Sprintf("  and %s more; -o json lists each", number(more)), nil}})
	}
}
