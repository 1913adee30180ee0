package cli

import (
	"fmt"
	"strings"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/doctor"
)

// headings are the titles under which text shows findings.
var headings = map[doctor.Severity]string{doctor.Error: "Errors", doctor.Warning: "Warnings", doctor.Info: "Worth knowing"}

// printReport prints findings by their severity, then the checks that found nothing, and those that could not run.
func printReport(c *print.Console, r doctor.Report, verbose bool) {
	for _, severity := range doctor.Severities {
		var found []doctor.Finding
		for _, f := range r.Findings {
			if f.Severity == severity {
				found = append(found, f)
			}
		}
		if len(found) == 0 {
			continue
		}
		style := severityStyle(c.Styles, severity)
		c.Print(style.Sprintf("%s: %d", headings[severity], len(found)) + "\n\n")
		for _, f := range found {
			c.Print(findingText(c.Styles, f, style) + "\n")
		}
	}
	c.Print(c.Styles.Green.Sprintf("%s found nothing.", count(len(r.OK), "check")) + "\n")
	if verbose {
		for _, check := range r.OK {
			c.Print(checkText(c.Styles, check))
		}
	}
	if len(r.LeftOut) > 0 {
		for _, line := range print.Wrap(leftOut(r), c.Styles.Width()) {
			c.Print(c.Styles.Yellow.Sprint(line) + "\n")
		}
	}
}

// leftOut names the checks that could not run.
func leftOut(r doctor.Report) string {
	var ids []string
	for _, check := range r.LeftOut {
		ids = append(ids, check.ID)
	}
	return fmt.Sprintf("%s could not run: %s.", count(len(ids), "check"), strings.Join(ids, ", "))
}

func severityStyle(s print.Styles, of doctor.Severity) *print.Style {
	switch of {
	case doctor.Error:
		return s.Red
	case doctor.Warning:
		return s.Yellow
	default:
		return s.Cyan
	}
}

// findingText is a finding under its ID. The command is one line, whatever its length: it is there to be copied.
func findingText(s print.Styles, f doctor.Finding, style *print.Style) string {
	b := &block{print.Block{Styles: s}}
	b.Line(style, f.Check)
	b.Field("What", f.What, nil)
	b.Field("Why", f.Why, nil)
	fmt.Fprintf(&b.Text, "  %-*s%s\n", print.LabelWidth-2, "Fix:", b.Bold.Sprint(f.Fix))
	return b.Text.String()
}

// checkText is what a check that found nothing stands for.
func checkText(s print.Styles, check doctor.Check) string {
	const indent = 23
	var text strings.Builder
	name := check.ID
	for _, line := range print.Wrap(check.Doc, s.Width()-indent) {
		fmt.Fprintf(&text, "  %-*s%s\n", indent-2, name, line)
		name = ""
	}
	return text.String()
}
