package cli

import (
	"io"

	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
)

// console is what commands read from and print to.
type console struct {
	*print.Console
	input.Reader
}

func newConsole(in io.Reader, out, errOut io.Writer) *console {
	c := print.NewConsole(out, errOut)
	return &console{c, input.Reader{Report: c, In: in}}
}
