package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/cli/input"
	"github.com/polymoat/polymoat/internal/cli/print"
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
		show := newReplayPrinter(c.Console, output)
		if show == nil {
			return fmt.Errorf("unknown output format %q; use text or json", output)
		}
		if p := c.Compile(cluster.Governing(c.Reader, path)); p != nil {
			replayLog(c, p, args[0], show)
		}
		return nil
	}
	return cmd
}

// replayLog reads a log line by line: it may be larger than memory.
func replayLog(c *console, p *policy.Policy, name string, show replayPrinter) {
	if name == "-" {
		name = input.Stdin
	}
	in, err := c.Open(name)
	if err != nil {
		c.Fail(err)
		return
	}
	defer func() { _ = in.Close() }() // nothing was written
	lines, today, wrong := bufio.NewReader(in), v1alpha1.DayOf(time.Now()), 0
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			wrong++
			if replayLine(c.Console, p, fmt.Sprintf("%s:%d", name, n), line, today, show) {
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
func replayLine(c *print.Console, p *policy.Policy, place string, line []byte, today v1alpha1.Day, show replayPrinter) bool {
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

// mostWrong is how many lines in a row may be no audit events before the whole file counts as something else.
const mostWrong = 3

// errNoAuditLog says that a file is something else.
var errNoAuditLog = errors.New("three lines in a row are no audit events, so this is no audit log, and the rest is not read")

// aboutAuditLogs is how to get a log with an event of audit.k8s.io/v1 in each line. GKE keeps other entries, of which such
// events can be made.
const aboutAuditLogs = `An audit log has one event of audit.k8s.io/v1 in each line. Where it comes from:

  Your own API server: the file of its flag --audit-log-path.

  EKS, with the log type "audit" enabled:
    aws logs filter-log-events --log-group-name /aws/eks/CLUSTER/cluster \
      --log-stream-name-prefix kube-apiserver-audit \
      --query 'events[].message' --output json | jq -r '.[]'

  AKS, with a diagnostic setting that sends "kube-audit" to a workspace:
    az monitor log-analytics query --workspace WORKSPACE --output json \
      --analytics-query "AzureDiagnostics | where Category == 'kube-audit'" |
      jq -r '.[].log_s'

  GKE, whose entries hold the same in other fields:
    gcloud logging read 'protoPayload.methodName="io.k8s.core.v1.pods.create"' \
      --format json | jq -c '.[] | (.protoPayload.resourceName | split("/")) as $at |
      {kind: "Event", stage: "ResponseComplete", auditID: .insertId,
       verb: "create", annotations: .labels, requestReceivedTimestamp: .timestamp,
       user: {username: .protoPayload.authenticationInfo.principalEmail},
       objectRef: {resource: "pods", namespace: $at[3], name: $at[5]},
       requestObject: .protoPayload.request}'
`
