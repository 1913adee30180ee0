package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/replay"
)

func newReplay(c *console) *cobra.Command {
	var cluster *input.Connection
	path, output := "", "text"
	cmd := &cobra.Command{
		Use:   "replay AUDIT-LOG",
		Short: "Rebuild decisions from an API server's audit log, and decide again",
		Long: `Rebuild polymoat's decisions from an API server's audit log alone, and say where
today's policy would decide otherwise. - is standard input.

Every decision is told by its audit annotations, which level Metadata holds. What
is created is decided on again where the log holds it, from level Request on: pods
as they were sent, before any webhook changed them. What the log does not hold is
not known: nodes that a pod names, and overrides on Polyaxon's own resources.

` + aboutAuditLogs + `
` + input.AboutPolicy + `

The exit code is 1 where any decision would be another.`,
		Example: `  # What would a new policy have refused?
  kubectl polymoat replay audit.log --policy new.yaml

  # Who was refused what, and by which rules?
  kubectl polymoat replay audit.log -o json |
    jq -r 'select(.was.verdict == "Denied") | "\(.time) \(.user) \(.name) \(.was.rules)"'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("%s named; name one audit log, or - for standard input", count(len(args), "file"))
			}
			return nil
		},
	}
	cluster = addGoverningTo(cmd, &path)
	cmd.Flags().StringVarP(&output, "output", "o", output, "`format`: text or json (a line for each decision)")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		show := c.replayPrinter(output)
		if show == nil {
			return fmt.Errorf("unknown output format %q; use text or json", output)
		}
		if p := c.Compile(cluster.Governing(c.Reader, path)); p != nil {
			c.replay(p, args[0], show)
		}
		return nil
	}
	return cmd
}

// replay reads a log line by line: it may be larger than memory.
func (c *console) replay(p *policy.Policy, name string, show replayPrinter) {
	in := c.In
	if name == "-" {
		name = input.Stdin
	} else {
		file, err := os.Open(name)
		if err != nil {
			c.Fail(err)
			return
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	lines, today, wrong := bufio.NewReader(in), v1alpha1.DayOf(time.Now()), 0
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			wrong++
			if c.replayLine(p, fmt.Sprintf("%s:%d", name, n), line, today, show) {
				wrong = 0
			}
		}
		if wrong == mostWrong {
			c.Fail(errNoAuditLog)
			_, _ = io.WriteString(c.Err, "\n"+aboutAuditLogs)
			return
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			c.Fail(fmt.Errorf("read %s: %w", name, err))
			return
		}
	}
	show.end()
}

// replayLine shows the decision of a line. It returns false, and has reported it, where the line is no audit event.
func (c *console) replayLine(p *policy.Policy, place string, line []byte, today v1alpha1.Day, show replayPrinter) bool {
	d, decided, err := replay.Line(p, line, today)
	switch {
	case err != nil:
		c.Fail(fmt.Errorf("%s %w", place, err))
	case decided:
		if d.Differs {
			c.Exit(exitDiffer)
		}
		show.add(d)
	}
	return err == nil
}
