package print

import (
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape stands for the character that begins a colour, until the text is written. It is drawn by chance: what comes from
// a file or a cluster cannot hold it.
var Escape = rand.Text()

// printable writes text without control characters: a terminal would obey them, whoever put them into a name. Those of our
// own colours come through.
type printable struct{ io.Writer }

func (p printable) Write(text []byte) (int, error) {
	clean := strings.ReplaceAll(visible(string(text)), Escape, "\x1b")
	if _, err := io.WriteString(p.Writer, clean); err != nil {
		return 0, err
	}
	return len(text), nil
}

// visible writes out control characters, but for the ends of lines and tabs, and those that turn the direction of a text.
// In JSON the result means the same.
func visible(text string) string {
	if strings.IndexFunc(text, isHidden) < 0 && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for at, r := range text {
		switch {
		case r == utf8.RuneError && text[at] != "\uFFFD"[0]:
			fmt.Fprintf(&b, "\\x%02x", text[at])
		case isHidden(r):
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isHidden(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) || r == 0xFFFE || r == 0xFFFF
}

// OneLine is a text that stands in one line, whatever is in it.
func OneLine(text string) string {
	return strings.ReplaceAll(visible(text), "\n", `\u000a`)
}

// Style is how text looks on a terminal. A nil one leaves it as it is.
type Style struct{ begin, end string }

func (s *Style) Sprint(text string) string {
	if s == nil {
		return text
	}
	return s.begin + text + s.end
}

func (s *Style) Sprintf(format string, args ...any) string {
	return s.Sprint(fmt.Sprintf(format, args...))
}
