// Package print writes what commands found: text that fits the terminal, tables, JSON, YAML and JUnit's XML. It knows no
// cluster and no policy.
package print

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"

	"github.com/polymoat/polymoat/internal/picture"
)

// ExitError is the exit code of a command that could not read something.
const ExitError = 2

// Console is where a command writes, and the exit code that it has earned so far.
type Console struct {
	Out, Err io.Writer // without control characters
	Code     int
	Styles   Styles
	Progress *Progress // nil where standard error is no terminal

	terminal io.Writer // what Out writes to
}

// NewConsole writes to these. What is no terminal gets no colour.
func NewConsole(out, errOut io.Writer) *Console {
	c := &Console{Out: printable{out}, Err: printable{errOut}, terminal: out, Styles: NewStyles(wantsColour(out, os.Getenv))}
	c.Styles.Columns = widthOf(out)
	if isTerminal(errOut) {
		c.Progress = newProgress(errOut)
		c.Out, c.Err = printable{c.Progress.beside(out)}, printable{c.Progress.beside(errOut)}
	}
	return c
}

// Exit raises the exit code; it never lowers it.
func (c *Console) Exit(code int) { c.Code = max(c.Code, code) }

// Fail reports an error, each line of it as one of its own: a file may hold several mistakes.
func (c *Console) Fail(err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		c.Tell("error: %s\n", line)
	}
	c.Exit(ExitError)
}

// Reading says on the terminal that a resource is read until stop is called; one is called for each object.
func (c *Console) Reading(resource string) (one, stop func()) { return c.Progress.Reading(resource) }

// Print writes to standard output. Where that is not possible, on a full disk, the exit code says so.
func (c *Console) Print(text string) {
	if _, err := io.WriteString(c.Out, text); err != nil {
		c.Fail(err)
	}
}

// Tell writes to standard error: for a person, not for a program. There is nobody else to tell where that fails.
func (c *Console) Tell(format string, args ...any) {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = OneLine(text)
		}
	}
	_, _ = fmt.Fprintf(c.Err, format, args...)
}

// Styles are the colours of a terminal, or none, and its width.
type Styles struct {
	Bold, Faint, Red, Green, Yellow, Cyan *Style

	Columns int // in a line; 0 for the usual width
}

// Width is how many characters a line may have.
func (s Styles) Width() int { return cmp.Or(s.Columns, UsualWidth) }

// NewStyles are all colours, or none.
func NewStyles(colour bool) Styles {
	if !colour {
		return Styles{}
	}
	of := func(code string) *Style { return &Style{Escape + "[" + code + "m", Escape + "[0m"} }
	return Styles{Bold: of("1"), Faint: of("2"), Red: of("31"), Green: of("32"), Yellow: of("33"), Cyan: of("36")}
}

// Diff is a unified diff with the colours of a terminal.
func (s Styles) Diff(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"):
			line = s.Bold.Sprint(line)
		case strings.HasPrefix(line, "@@"):
			line = s.Cyan.Sprint(line)
		case strings.HasPrefix(line, "+"):
			line = s.Green.Sprint(line)
		case strings.HasPrefix(line, "-"):
			line = s.Red.Sprint(line)
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// wantsColour is true for a terminal whose user has not asked for plain text (https://no-color.org).
func wantsColour(out io.Writer, getenv func(string) string) bool {
	if getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" {
		return false
	}
	return isTerminal(out)
}

func isTerminal(out any) bool {
	f, ok := out.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// Captured is what a command prints to standard output, and tells on standard error.
func (c *Console) Captured(command func() error) (out, notes string, err error) {
	var printed, told strings.Builder
	realOut, realErr := c.Out, c.Err
	c.Out, c.Err = &printed, &told
	defer func() { c.Out, c.Err = realOut, realErr }()
	err = command()
	return printed.String(), told.String(), err
}

// Renew clears a terminal; elsewhere an empty line parts what is printed from what was before.
func (c *Console) Renew(first bool) {
	switch {
	case isTerminal(c.terminal):
		c.Print(Escape + "[H" + Escape + "[2J")
	case !first:
		c.Print("\n")
	}
}

// The widths of lines: of what is no terminal, and of the narrowest terminal in which a node still has a name.
const (
	UsualWidth = 80
	MinWidth   = 24
)

// PictureOptions are what the console can show, in lines of such a width; 0 leaves it to the terminal.
func (c *Console) PictureOptions(characters int) picture.Options {
	return picture.Options{Escape: Escape, Width: cmp.Or(characters, c.Styles.Width()), Colour: wantsColour(c.terminal, os.Getenv), ASCII: !knowsUnicode(runtime.GOOS, os.Getenv)}
}

// widthOf is the width of a terminal, and the usual one of everything else.
func widthOf(out any) int {
	if f, ok := out.(*os.File); ok {
		if characters, _, err := term.GetSize(int(f.Fd())); err == nil && characters >= MinWidth {
			return characters
		}
	}
	return UsualWidth
}

// knowsUnicode is true for a locale of UTF-8, and on Windows, which has no such locales and whose terminals know it.
func knowsUnicode(system string, getenv func(string) string) bool {
	locale := strings.ToLower(cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")))
	return system == "windows" && locale == "" || strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
}
