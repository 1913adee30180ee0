package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/polymoat/polymoat/internal/explain"
	"github.com/polymoat/polymoat/internal/policy"
)

// The layout of explain's text: labels, then values. What is no terminal has the usual width.
const (
	usualWidth = 80
	labelWidth = 14
)

// textPrinter returns a function that prints records as blocks with an empty line between them.
func (c *console) textPrinter() func(explain.Record) {
	first := true
	return func(r explain.Record) {
		block := &block{styles: c.styles}
		if !first {
			block.text.WriteString("\n")
		}
		first = false
		block.add(r)
		c.print(block.text.String())
	}
}

// block is the text about one pod.
type block struct {
	styles
	text strings.Builder
}

func (b *block) add(r explain.Record) {
	b.line(b.bold, r.Title())
	if r.Template != "" {
		b.field("Template", r.Template, nil)
	}
	if r.Role != "" {
		b.field("Role", r.Role, b.bold)
	}
	if r.Why != "" {
		b.field("Why", r.Why, nil)
	}
	b.field("Verdict", r.Verdict, b.verdict(r.Verdict))
	for _, v := range r.Violations {
		b.field("Violation", v.String(), nil)
	}
	for _, v := range r.Audited {
		b.field("Audited", v.String(), nil)
	}
	for _, v := range r.Excused {
		b.field("Excused", fmt.Sprintf("%s (exception %q)", v, r.Exception), nil)
	}
	if r.Shadow {
		b.field("Shadow", "the changes are recorded, and not made", b.yellow)
	}
	b.changes(r.Changes)
	for _, w := range r.Warnings {
		b.field("Warning", w, b.yellow)
	}
}

func (b *block) verdict(verdict string) *style {
	switch verdict {
	case policy.Allowed.String():
		return b.green
	case policy.OutOfScope.String():
		return b.cyan
	}
	return b.red
}

// field writes a label and a text that is wrapped behind it.
func (b *block) field(label, text string, style *style) {
	for i, line := range wrap(text, b.width()-labelWidth) {
		if i > 0 {
			label = ""
		} else {
			label += ":"
		}
		fmt.Fprintf(&b.text, "  %-*s", labelWidth-2, label)
		b.line(style, line)
	}
}

func (b *block) line(style *style, text string) {
	b.text.WriteString(style.Sprint(oneLine(text)) + "\n")
}

// wrap breaks a text at spaces into lines of at most so many characters. A longer word gets a line of its own.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
