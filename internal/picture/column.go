package picture

import (
	"cmp"
	"strings"

	"github.com/fatih/color"
)

// pools draws the pools beside each other, and below each other where the terminal is too narrow.
func (d *drawing) pools(pools []Pool) {
	beside := max(1, min(len(pools), (d.Width+columnGap)/(minColumn+columnGap)))
	width := min(maxColumn, (d.Width-columnGap*(beside-1))/beside)
	for len(pools) > 0 {
		n := min(beside, len(pools))
		var columns [][]line
		for _, p := range pools[:n] {
			columns = append(columns, d.column(p, width))
		}
		d.beside(columns, width)
		d.text.WriteString("\n")
		pools = pools[n:]
	}
}

// beside writes columns of such a width next to each other.
func (d *drawing) beside(columns [][]line, width int) {
	for i := 0; ; i++ {
		var l line
		more := false
		for j, column := range columns {
			if j > 0 {
				l = l.padded(j * (width + columnGap))
			}
			if i < len(column) {
				l, more = append(l, column[i]...), true
			}
		}
		if !more {
			return
		}
		d.write(l)
	}
}

// column is a pool: its name, what it holds, and boxes for its nodes.
func (d *drawing) column(p Pool, width int) []line {
	protected := ""
	if p.Protected {
		protected = " (protected)"
	}
	name := cut(cmp.Or(p.Name, "in no node pool"), width-len(protected), d.frame.dots)
	column := []line{{{name, []color.Attribute{color.Bold}}, {protected, nil}}}
	if p.Label != "" {
		column = append(column, line{{cut(p.Label, width, d.frame.dots), []color.Attribute{color.Faint}}})
	}
	column = append(column, line{{count(len(p.Nodes), "node") + ", " + count(p.pods(), "pod"), nil}})
	for _, b := range boxes(p.Nodes) {
		column = append(column, d.box(b, width)...)
	}
	return column
}

// box draws a frame around pods.
func (d *drawing) box(b box, width int) []line {
	f := d.frame
	name := line{{b.title(width-6, f.dots), []color.Attribute{color.Bold}}}
	rest := strings.Repeat(f.across, width-5-name.width())
	drawn := []line{append(append(line{{f.topLeft + f.across + " ", nil}}, name...), part{" " + rest + f.topRight, nil})}
	for _, l := range d.content(b, width-4) {
		inside := append(line{{f.down + " ", nil}}, l...).padded(width - 2)
		drawn = append(drawn, append(inside, part{" " + f.down, nil}))
	}
	return append(drawn, line{{f.bottomLeft + strings.Repeat(f.across, width-2) + f.bottomRight, nil}})
}

// content is what stands in a box: what is to be said of the nodes, then their pods.
func (d *drawing) content(b box, width int) []line {
	var content []line
	for _, note := range b.notes {
		content = append(content, line{{cut(note, width, d.frame.dots), []color.Attribute{color.Faint}}})
	}
	if len(b.pods) == 0 {
		return append(content, line{{"no pods", []color.Attribute{color.Faint}}})
	}
	if b.nodes == 1 {
		if cells := d.cells(b.pods, width); len(cells) <= mostLines {
			return append(content, cells...)
		}
	}
	return append(content, d.counts(b.pods, width)...)
}

// cells are a letter for each pod, and the sign of its mark behind it.
func (d *drawing) cells(pods []Pod, width int) []line {
	var cells []line
	for _, p := range pods {
		r := d.roles.of(p)
		cells = append(cells, line{{r.Letter, r.terminal()}, {cmp.Or(p.Mark.sign(), " "), warning}})
	}
	return flow(cells, width, 0)
}

// counts are a letter for each role, and how many pods it has.
func (d *drawing) counts(pods []Pod, width int) []line {
	type kind struct {
		role string
		mark Mark
	}
	counts := map[kind]int{}
	var first []Pod // of each kind
	for _, p := range pods {
		k := kind{p.Role, p.Mark}
		if counts[k]++; counts[k] == 1 {
			first = append(first, p)
		}
	}
	d.roles.sort(first)
	var words []line
	for _, p := range first {
		r := d.roles.of(p)
		n := number(counts[kind{p.Role, p.Mark}])
		words = append(words, line{{r.Letter, r.terminal()}, {p.Mark.sign(), warning}, {" " + n, nil}})
	}
	return flow(words, width, 2)
}
