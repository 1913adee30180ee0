package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
)

// console is where a command reads and writes, and the exit code that it has earned so far.
type console struct {
	in       io.Reader
	out, err io.Writer // without control characters
	terminal io.Writer // what out writes to
	code     int
	styles   styles
	progress *progress // nil where standard error is no terminal
}

func newConsole(in io.Reader, out, errOut io.Writer) *console {
	c := &console{in: in, out: printable{out}, err: printable{errOut}, terminal: out, styles: newStyles(wantsColour(out, os.Getenv))}
	c.styles.columns = widthOf(out)
	if isTerminal(errOut) {
		c.progress = newProgress(errOut)
		c.out, c.err = printable{c.progress.beside(out)}, printable{c.progress.beside(errOut)}
	}
	return c
}

// exit raises the exit code; it never lowers it.
func (c *console) exit(code int) { c.code = max(c.code, code) }

// fail reports an error, each line of it as one of its own: a file may hold several mistakes.
func (c *console) fail(err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		c.tell("error: %s\n", line)
	}
	c.exit(exitError)
}

// print writes to standard output. Where that is not possible, on a full disk, the exit code says so.
func (c *console) print(text string) {
	if _, err := io.WriteString(c.out, text); err != nil {
		c.fail(err)
	}
}

// tell writes to standard error: for a person, not for a program. There is nobody else to tell where that fails.
func (c *console) tell(format string, args ...any) {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = oneLine(text)
		}
	}
	_, _ = fmt.Fprintf(c.err, format, args...)
}

// styles are the colours of a terminal, or none, and its width.
type styles struct {
	bold, faint, red, green, yellow, cyan *style

	columns int // 0 for the usual width
}

// width is how many characters a line may have.
func (s styles) width() int { return cmp.Or(s.columns, usualWidth) }

func newStyles(colour bool) styles {
	if !colour {
		return styles{}
	}
	of := func(code string) *style { return &style{escape + "[" + code + "m", escape + "[0m"} }
	return styles{bold: of("1"), faint: of("2"), red: of("31"), green: of("32"), yellow: of("33"), cyan: of("36")}
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
