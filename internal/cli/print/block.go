package print

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// LabelWidth is how wide the labels of a Block are.
const LabelWidth = 14

// Block is text that is made of labels, and values beside them.
type Block struct {
	Styles
	Text strings.Builder
}

// Next is one more value of a label that is written once.
func (b *Block) Next(label *string, text string) {
	if *label != "" {
		b.Field(*label, text, nil)
		*label = ""
		return
	}
	for _, line := range Wrap(text, b.Width()-LabelWidth) {
		fmt.Fprintf(&b.Text, "%*s%s\n", LabelWidth, "", line)
	}
}

// Field writes a label and a text that is wrapped behind it.
func (b *Block) Field(label, text string, style *Style) {
	for i, line := range Wrap(text, b.Width()-LabelWidth) {
		if i > 0 {
			label = ""
		} else {
			label += ":"
		}
		fmt.Fprintf(&b.Text, "  %-*s", LabelWidth-2, label)
		b.Line(style, line)
	}
}

// Line writes a line in a style.
func (b *Block) Line(style *Style, text string) {
	b.Text.WriteString(style.Sprint(OneLine(text)) + "\n")
}

// Wrap breaks a text at spaces into lines of at most so many characters. A longer word gets a line of its own.
func Wrap(text string, width int) []string {
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
