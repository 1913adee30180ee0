package picture

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"
)

// line is one line of a drawing: parts with a style each. Its width does not depend on the styles.
type line []part

type part struct {
	text  string
	style []color.Attribute
}

var warning = []color.Attribute{color.Bold, color.FgRed}

func (l line) width() int {
	width := 0
	for _, p := range l {
		width += utf8.RuneCountInString(p.text)
	}
	return width
}

// padded is the line with spaces up to a width.
func (l line) padded(width int) line {
	return append(slices.Clip(l), part{strings.Repeat(" ", max(0, width-l.width())), nil})
}

// write ends the line. Nothing but spaces at its end is not written.
func (d *drawing) write(l line) {
	var text strings.Builder
	for _, p := range l {
		if !d.Colour || len(p.style) == 0 {
			text.WriteString(p.text)
			continue
		}
		style := color.New(p.style...)
		style.EnableColor()
		begin, end, _ := strings.Cut(style.Sprint("|"), "|")
		escape := cmp.Or(d.Escape, "\x1b")
		text.WriteString(strings.ReplaceAll(begin, "\x1b", escape) + p.text + strings.ReplaceAll(end, "\x1b", escape))
	}
	d.text.WriteString(strings.TrimRight(text.String(), " ") + "\n")
}

// flow puts words behind each other, so many spaces apart, into lines of at most such a width.
func flow(words []line, width, gap int) []line {
	var flowed []line
	var l line
	for _, word := range words {
		if len(l) > 0 && l.width()+gap+word.width() > width {
			flowed, l = append(flowed, l), nil
		}
		if len(l) > 0 {
			l = l.padded(l.width() + gap)
		}
		l = append(l, word...)
	}
	if len(l) > 0 {
		flowed = append(flowed, l)
	}
	return flowed
}

// wrap breaks a text at spaces into lines of at most such a width. A longer word gets a line of its own.
func wrap(text string, width int) []string {
	var words []line
	for word := range strings.FieldsSeq(text) {
		words = append(words, line{{word, nil}})
	}
	var wrapped []string
	for _, l := range flow(words, width, 1) {
		var text strings.Builder
		for _, p := range l {
			text.WriteString(p.text)
		}
		wrapped = append(wrapped, text.String())
	}
	return wrapped
}

// cut shortens a text to a width, in the middle: both ends of a node's name tell it apart.
func cut(text string, width int, dots string) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	head := (width - 1) / 2
	return string(runes[:head]) + dots + string(runes[len(runes)-(width-1-head):])
}
