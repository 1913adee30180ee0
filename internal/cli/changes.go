package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/policy"
)

// changeGroup is a part of the table of changes: the rows, and the security contexts that they all stand in. With
// their whole paths the fields of a security context would not fit, and containers are most often changed alike.
type changeGroup struct {
	headings []string
	rows     []changeRow
}

// changeRow is one line of the table: ".runAsUser", "2222", "default".
type changeRow struct{ name, value, source string }

// changes writes the table of changes: field, value and source.
func (b *block) changes(changes []policy.Change) {
	if len(changes) == 0 {
		return
	}
	b.Text.WriteString("  Changes:\n")
	groups := changeGroups(changes)
	name, value := columnsOf(groups, b.Width())
	for _, group := range groups {
		for _, heading := range group.headings {
			b.Text.WriteString("    " + heading + "\n")
		}
		for _, row := range group.rows {
			b.change(row, name, value)
		}
	}
}

// change writes one row. A value that is too long for its column gets lines of its own.
func (b *block) change(row changeRow, name, value int) {
	if utf8.RuneCountInString(row.name) <= name && utf8.RuneCountInString(row.value) <= value {
		fmt.Fprintf(&b.Text, "%-*s  %-*s  ", name, row.name, value, row.value)
		b.Line(b.Faint, row.source)
		return
	}
	fmt.Fprintf(&b.Text, "%-*s  ", name+2+value, row.name)
	b.Line(b.Faint, row.source)
	for _, line := range print.Wrap(row.value, b.Width()-8) {
		b.Text.WriteString("        " + line + "\n")
	}
}

// columnsOf are the widths of names and values with which a row fits into a line of that width.
func columnsOf(groups []changeGroup, width int) (name, value int) {
	const mostName, longestSource = 38, len("override")
	name = widest(groups, mostName, func(row changeRow) string { return row.name })
	value = widest(groups, width-name-longestSource-4, func(row changeRow) string { return row.value })
	return name, value
}

// widest is the width of a column whose cells are at most so wide.
func widest(groups []changeGroup, most int, cell func(changeRow) string) int {
	found := 0
	for _, group := range groups {
		for _, row := range group.rows {
			if n := utf8.RuneCountInString(cell(row)); n <= most {
				found = max(found, n)
			}
		}
	}
	return found
}

func changeGroups(changes []policy.Change) []changeGroup {
	var groups []changeGroup
	for _, change := range changes {
		heading, leaf := cutContext(change.Path)
		row := changeRow{"    " + leaf, changeValue(change), string(change.Source)}
		if heading != "" {
			row.name = "      " + leaf
		}
		if last := len(groups) - 1; last >= 0 && slices.Equal(groups[last].headings, []string{heading}) {
			groups[last].rows = append(groups[last].rows, row)
			continue
		}
		groups = append(groups, changeGroup{[]string{heading}, []changeRow{row}})
	}
	return mergeAlike(groups)
}

// mergeAlike puts groups with the same rows under each other's headings. A group without a heading has none to share.
func mergeAlike(groups []changeGroup) []changeGroup {
	var merged []changeGroup
	for _, group := range groups {
		if group.headings[0] == "" {
			group.headings = nil
		}
		last := len(merged) - 1
		if last >= 0 && slices.Equal(merged[last].rows, group.rows) {
			merged[last].headings = append(merged[last].headings, group.headings...)
			continue
		}
		merged = append(merged, group)
	}
	return merged
}

// cutContext splits "spec.securityContext.fsGroup" into "spec.securityContext" and ".fsGroup". A path outside of
// security contexts stays whole.
func cutContext(path string) (heading, leaf string) {
	const context = "securityContext"
	if i := strings.LastIndex(path, context+"."); i >= 0 {
		return path[:i+len(context)], path[i+len(context):]
	}
	return "", path
}

// changeValue is the new value, after the old one where there was one.
func changeValue(change policy.Change) string {
	if change.Old == nil {
		return valueText(change.New)
	}
	return valueText(change.Old) + " -> " + valueText(change.New)
}

// valueText is a toleration as kubectl writes it, anything else as JSON with spaces at which it can be wrapped.
func valueText(value any) string {
	if toleration, ok := value.(corev1.Toleration); ok {
		return tolerationText(toleration)
	}
	text := strings.TrimSpace(print.JSON(value))
	return strings.ReplaceAll(strings.ReplaceAll(text, `,"`, `, "`), `,{`, `, {`)
}

// tolerationText is a toleration in the notation of taints: "polyaxon=core:NoSchedule", "spot op=Exists".
func tolerationText(t corev1.Toleration) string {
	text := t.Key
	if t.Value != "" {
		text += "=" + t.Value
	}
	if t.Effect != "" {
		text += ":" + string(t.Effect)
	}
	if t.Operator != "" && t.Operator != corev1.TolerationOpEqual {
		text += " op=" + string(t.Operator)
	}
	if t.TolerationSeconds != nil {
		text += fmt.Sprintf(" for %ds", *t.TolerationSeconds)
	}
	return strings.TrimSpace(text)
}
