package cli

import (
	"io"

	"github.com/polymoat/polymoat/internal/cli/print"
)

// console is where commands print.
type console struct{ *print.Console }

func newConsole(in io.Reader, out, errOut io.Writer) *console {
	return &console{print.NewConsole(in, out, errOut)}
}
