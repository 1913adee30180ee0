package chart

import (
	"fmt"
	"regexp"
	"strings"
)

// Change is one line of what a version changes, as Artifact Hub reads it.
type Change struct {
	Kind        string `json:"kind"`        // of Keep a Changelog's headings, in lower case: "added"
	Description string `json:"description"` // without Markdown
}

// changesKey begins the last annotation of Chart.yaml: what is behind it is written by a test.
const changesKey = "  artifacthub.io/changes: |\n"

var (
	// sentence ends at a full stop with a space behind it: "2.5 m" goes on.
	sentence = regexp.MustCompile(`\.(\s|$)`)
	markdown = regexp.MustCompile(`\*\*|\[([^\]]*)\]\([^)]*\)`)
)

// Changes are the first sentences of the entries of a version in a changelog, or of what is not released where the
// version has no section yet.
func Changes(changelog, version string) ([]Change, error) {
	section := sectionOf(changelog, version)
	if section == "" {
		section = sectionOf(changelog, "Unreleased")
	}
	if section == "" {
		return nil, fmt.Errorf("the changelog has no section %q", version)
	}
	var changes []Change
	for _, part := range strings.Split(section, "\n### ")[1:] {
		kind, entries, _ := strings.Cut(part, "\n")
		for _, entry := range strings.Split(entries, "\n- ")[1:] {
			changes = append(changes, Change{strings.ToLower(kind), firstSentence(entry)})
		}
	}
	return changes, nil
}

func sectionOf(changelog, name string) string {
	_, section, _ := strings.Cut(changelog, "\n## ["+name+"]")
	section, _, _ = strings.Cut(section, "\n## [")
	return section
}

func firstSentence(entry string) string {
	first := sentence.Split(entry, 2)[0]
	return strings.Join(strings.Fields(markdown.ReplaceAllString(first, "$1")), " ")
}

// WithChanges is the text of a Chart.yaml with these changes in the place of its own.
func WithChanges(text string, changes []Change) (string, error) {
	head, _, found := strings.Cut(text, changesKey)
	if !found {
		return "", fmt.Errorf("no line %q", strings.TrimSpace(changesKey))
	}
	var lines strings.Builder
	lines.WriteString(head + changesKey)
	for _, c := range changes {
		fmt.Fprintf(&lines, "    - {kind: %s, description: %q}\n", c.Kind, c.Description)
	}
	return lines.String(), nil
}
