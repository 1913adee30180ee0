package cli

import (
	"fmt"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/explain"
	"github.com/polymoat/polymoat/internal/policy"
)

// textPrinter returns a function that prints records as blocks with an empty line between them.
func (c *console) textPrinter() func(explain.Record) {
	first := true
	return func(r explain.Record) {
		block := &block{print.Block{Styles: c.Styles}}
		if !first {
			block.Text.WriteString("\n")
		}
		first = false
		block.add(r)
		c.Print(block.Text.String())
	}
}

// block is the text about one pod.
type block struct{ print.Block }

func (b *block) add(r explain.Record) {
	b.Line(b.Bold, r.Title())
	if r.Template != "" {
		b.Field("Template", r.Template, nil)
	}
	if r.Role != "" {
		b.Field("Role", r.Role, b.Bold)
	}
	if r.Why != "" {
		b.Field("Why", r.Why, nil)
	}
	b.Field("Verdict", r.Verdict, b.verdict(r.Verdict))
	for _, v := range r.Violations {
		b.Field("Violation", v.String(), nil)
	}
	for _, v := range r.Audited {
		b.Field("Audited", v.String(), nil)
	}
	for _, v := range r.Excused {
		b.Field("Excused", fmt.Sprintf("%s (exception %q)", v, r.Exception), nil)
	}
	if r.Shadow {
		b.Field("Shadow", "the changes are recorded, and not made", b.Yellow)
	}
	b.changes(r.Changes)
	for _, w := range r.Warnings {
		b.Field("Warning", w, b.Yellow)
	}
}

func (b *block) verdict(verdict string) *print.Style {
	switch verdict {
	case policy.Allowed.String():
		return b.Green
	case policy.OutOfScope.String():
		return b.Cyan
	}
	return b.Red
}
