package cli

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/polymoat/polymoat/internal/auditannotations"
	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/replay"
)

// replayPrinter prints decisions as they come.
type replayPrinter interface {
	add(replay.Decision)
	end()
}

// newReplayPrinter returns the printer of a format; nil where there is no such format.
func newReplayPrinter(c *print.Console, output string) replayPrinter {
	switch output {
	case "text":
		return &replayText{Console: c}
	case "json":
		return replayJSON{c}
	}
	return nil
}

// replayJSON prints a line for each decision.
type replayJSON struct{ *print.Console }

func (j replayJSON) add(d replay.Decision) { j.Print(print.JSON(d)) }
func (replayJSON) end()                    {}

// replayText prints a block for each decision, and counts them.
type replayText struct {
	*print.Console
	decisions, again, differ int
}

func (t *replayText) add(d replay.Decision) {
	t.decisions++
	b := &block{print.Block{Styles: t.Styles}}
	name := d.Name
	if d.Namespace != "" {
		name += fmt.Sprintf(" (%s)", d.Namespace)
	}
	b.Line(b.Bold, fmt.Sprintf("%s %s %s", d.Verb, d.Resource, name))
	b.Field("Time", d.Time.UTC().Format(time.RFC3339), nil)
	b.Field("User", d.User, nil)
	if d.DryRun {
		b.Field("Dry run", "yes", nil)
	}
	b.Field("Was", recordText(d.Was), b.verdict(d.Was.Verdict))
	if d.Was.Refused != "" {
		b.Field("Refused", d.Was.Refused, nil)
	}
	if d.Is != nil {
		t.again++
	}
	switch {
	case d.Is == nil:
		b.Field("Today", "not known: "+d.Unknown, b.Faint)
	case d.Differs:
		t.differ++
		b.Field("Today", recordText(*d.Is), b.verdict(d.Is.Verdict))
		if d.Sentence != "" {
			b.Field("Sentence", d.Sentence, nil)
		}
	default:
		b.Field("Today", "the same", nil)
	}
	t.Print(b.Text.String() + "\n")
}

// recordText is a decision in one line: `Denied, role "jobs", pool "core", core-nodes=Enforce (policy polyaxon
// 30879b783c5f)`.
func recordText(s auditannotations.AuditRecord) string {
	parts := []string{s.Verdict}
	if s.Role != "" {
		parts = append(parts, fmt.Sprintf("role %q", s.Role))
	}
	if s.Pool != "" {
		parts = append(parts, fmt.Sprintf("pool %q", s.Pool))
	}
	parts = append(parts, s.Rules...)
	return fmt.Sprintf("%s (policy %s)", strings.Join(parts, ", "), strings.TrimSpace(cmp.Or(s.Policy, "none")+" "+s.Hash))
}

func (t *replayText) end() {
	if t.decisions == 0 {
		t.Print("The log tells no decision of polymoat.\n")
		return
	}
	t.Print(fmt.Sprintf("%s, %d decided again, %d otherwise.\n", count(t.decisions, "decision"), t.again, t.differ))
}
