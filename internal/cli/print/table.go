package print

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// Table is printed for people, wrapped to the width of a terminal, or as Markdown. Its cells are Markdown of one line; a
// column whose cells are all empty is left out.
type Table struct {
	Columns []Column
	Rows    [][]string
}

// Column is the title of a column. Wide ones are for -o wide and Markdown: a terminal has no room for them.
type Column struct {
	Title string
	Wide  bool
}

// Merged is the table with one row for what several have in common: all but their names, which are the first column.
func (t Table) Merged() Table {
	var rows [][]string
	for _, row := range t.Rows {
		at := slices.IndexFunc(rows, func(have []string) bool { return slices.Equal(have[1:], row[1:]) })
		switch {
		case at < 0:
			rows = append(rows, slices.Clone(row))
		case !slices.Contains(strings.Split(rows[at][0], ", "), row[0]):
			rows[at][0] += ", " + row[0]
		}
	}
	t.Rows = rows
	return t
}

// gap is the space between two columns.
const gap = 2

// Fitted is the table in lines of so many characters, where its words let it; empty without rows.
func (t Table) Fitted(characters int) string { return t.text(t.cells(false), characters) }

// Unwrapped is the whole table with a line for each row; empty without rows.
func (t Table) Unwrapped() string { return t.text(t.cells(true), math.MaxInt) }

func (t Table) text(lines [][]string, characters int) string {
	if len(t.Rows) == 0 {
		return ""
	}
	for i, row := range lines {
		for j, cell := range row {
			row[j] = breakable(cell)
			if i == 0 {
				row[j] = strings.ToUpper(cell)
			}
		}
	}
	widths := fit(lines, characters)
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, gap, ' ', 0)
	for _, row := range lines {
		for _, line := range wrapRow(row, widths) {
			_, err := fmt.Fprintln(w, strings.Join(line, "\t"))
			must(err)
		}
	}
	must(w.Flush())
	return trimLines(text.String())
}

// Markdown is the table as Markdown; empty without rows.
func (t Table) Markdown() string {
	if len(t.Rows) == 0 {
		return ""
	}
	var text strings.Builder
	for i, row := range t.cells(true) {
		for j, cell := range row {
			row[j] = strings.ReplaceAll(cell, "|", `\|`)
		}
		text.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			text.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return text.String()
}

// cells are the titles and the rows, with the columns that are to be seen. They may be modified.
func (t Table) cells(wide bool) [][]string {
	lines := make([][]string, len(t.Rows)+1)
	for j, column := range t.Columns {
		said := slices.ContainsFunc(t.Rows, func(row []string) bool { return row[j] != "" })
		if !said || column.Wide && !wide {
			continue
		}
		lines[0] = append(lines[0], column.Title)
		for i, row := range t.Rows {
			lines[i+1] = append(lines[i+1], row[j])
		}
	}
	return lines
}

// breakable is Markdown as plain text, with spaces at which JSON can be wrapped.
func breakable(cell string) string {
	return strings.ReplaceAll(strings.ReplaceAll(cell, "`", ""), `,"`, `, "`)
}

// fit are the widths with which the columns fit into a line of so many characters: the widest gives way, as far as its longest word lets it.
func fit(lines [][]string, characters int) []int {
	widths, least := wanted(lines)
	if characters == math.MaxInt {
		for j, title := range lines[0] {
			widths[j] = max(widths[j], utf8.RuneCountInString(title))
		}
	}
	total := gap * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for ; total > characters; total-- {
		widest := -1
		for j, w := range widths {
			if w > least[j] && (widest < 0 || w > widths[widest]) {
				widest = j
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return widths
}

// wanted are the widths of the columns if nothing had to be wrapped but their titles, and those of their longest words.
func wanted(lines [][]string) (widths, least []int) {
	widths, least = make([]int, len(lines[0])), make([]int, len(lines[0]))
	for i, row := range lines {
		for j, cell := range row {
			for word := range strings.FieldsSeq(cell) {
				least[j] = max(least[j], utf8.RuneCountInString(word))
			}
			if i > 0 {
				widths[j] = max(widths[j], utf8.RuneCountInString(cell))
			}
		}
	}
	for j := range widths {
		widths[j] = max(widths[j], least[j])
	}
	return widths, least
}

// wrapRow is a row as lines of cells, as many as its highest cell has.
func wrapRow(row []string, widths []int) [][]string {
	var lines [][]string
	for j, cell := range row {
		for i, part := range Wrap(cell, widths[j]) {
			if i == len(lines) {
				lines = append(lines, make([]string, len(row)))
			}
			lines[i][j] = part
		}
	}
	return lines
}

// trimLines removes the spaces that pad empty cells at the end of lines.
func trimLines(text string) string {
	var trimmed strings.Builder
	for line := range strings.Lines(text) {
		trimmed.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return trimmed.String()
}
