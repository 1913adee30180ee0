package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// watchEvery is how often a command that watches looks again.
const watchEvery = 5 * time.Second

// aboutWatch is the part of the help that these commands share.
const aboutWatch = `--watch looks again every five seconds until it is interrupted or an error ends
it. It prints anew what has changed; a terminal is cleared before.`

func addWatchTo(flags *pflag.FlagSet, watch *bool) {
	flags.BoolVarP(watch, "watch", "w", false, "look again every five seconds, and print what has changed")
}

// watched runs a command once, or at every tick until the context ends or the command fails: then what it prints is shown
// where it differs from the time before.
func (c *console) watched(ctx context.Context, watch bool, ticks func() <-chan time.Time, command func(context.Context) error) error {
	if !watch {
		return command(ctx)
	}
	before, again := "", ticks()
	for {
		out, notes, err := c.captured(func() error { return command(withProgress(ctx, nil)) })
		if both := notes + out; both != before {
			c.renew(before == "")
			_, _ = fmt.Fprint(c.err, notes)
			c.print(out)
			before = both
		}
		if err != nil || c.code == exitError {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again:
		}
	}
}

func everyFewSeconds() <-chan time.Time { return time.Tick(watchEvery) }

// captured is what a command prints to standard output, and tells on standard error.
func (c *console) captured(command func() error) (out, notes string, err error) {
	var printed, told strings.Builder
	realOut, realErr := c.out, c.err
	c.out, c.err = &printed, &told
	defer func() { c.out, c.err = realOut, realErr }()
	err = command()
	return printed.String(), told.String(), err
}

// renew clears a terminal; elsewhere an empty line parts what is printed from what was before.
func (c *console) renew(first bool) {
	switch {
	case isTerminal(c.terminal):
		c.print(escape + "[H" + escape + "[2J")
	case !first:
		c.print("\n")
	}
}
