package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/polymoat/polymoat/internal/cli/print"
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
func watched(ctx context.Context, c *print.Console, watch bool, ticks func() <-chan time.Time, command func(context.Context) error) error {
	if !watch {
		return command(ctx)
	}
	before, again := "", ticks()
	for {
		out, notes, err := c.Captured(func() error { return command(print.WithProgress(ctx, nil)) })
		if both := notes + out; both != before {
			c.Renew(before == "")
			_, _ = fmt.Fprint(c.Err, notes)
			c.Print(out)
			before = both
		}
		if err != nil || c.Code == exitError {
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
