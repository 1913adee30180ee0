package cli

import (
	"fmt"
	"strings"

	"github.com/polymoat/polymoat/internal/doctor"
)

// headings are the titles under which text shows findings.
var headings = map[doctor.Severity]string{doctor.Error: "Errors", doctor.Warning: "Warnings", doctor.Info: "Worth knowing"}

// reportText prints findings by their severity, then the checks that found nothing, and those that could not run.
func (c *console) reportText(r doctor.Report, verbose bool) {
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
		style := c.severity(severity)
		c.print(style.Sprintf("%s: %d", headings[severity], len(found)) + "\n\n")
		for _, f := range found {
			c.print(c.findingText(f, style) + "\n")
		}
	}
	c.print(c.styles.green.Sprintf("%s found nothing.", count(len(r.OK), "check")) + "\n")
	if verbose {
		for _, check := range r.OK {
			c.print(c.styles.checkText(check))
		}
	}
	if len(r.LeftOut) > 0 {
		for _, line := range wrap(leftOut(r), c.styles.width()) {
			c.print(c.styles.yellow.Sprint(line) + "\n")
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

func (c *console) severity(s doctor.Severity) *style {
	switch s {
	case doctor.Error:
		return c.styles.red
	case doctor.Warning:
		return c.styles.yellow
	default:
		return c.styles.cyan
	}
}

// findingText is a finding under its ID. The command is one line, whatever its length: it is there to be copied.
func (c *console) findingText(f doctor.Finding, style *style) string {
	b := &block{styles: c.styles}
	b.line(style, f.Check)
	b.field("What", f.What, nil)
	b.field("Why", f.Why, nil)
	fmt.Fprintf(&b.text, "  %-*s%s\n", labelWidth-2, "Fix:", b.bold.Sprint(f.Fix))
	return b.text.String()
}

// checkText is what a check that found nothing stands for.
func (s styles) checkText(check doctor.Check) string {
	const indent = 23
	var text strings.Builder
	name := check.ID
	for _, line := range wrap(check.Doc, s.width()-indent) {
		fmt.Fprintf(&text, "  %-*s%s\n", indent-2, name, line)
		name = ""
	}
	return text.String()
}
