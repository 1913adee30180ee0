package manifest

import (
	"fmt"
	"regexp"
	"strings"
)

// braces are those of a template where a line or a value begins, which YAML cannot read. In quotes, or inside of a text,
// they are text: Polyaxon fills those in.
var braces = regexp.MustCompile(`(?m)^[ \t]*(?:- +)*(?:[^\s'"#{][^'"#\n]*?:[ \t]+)?(\{\{.*)$`)

// templated is the error of a document that is the template of one; nil for any other.
func (d *document) templated() error {
	at := braces.FindSubmatchIndex(d.text)
	if at == nil {
		return nil
	}
	text := strings.TrimSpace(string(d.text[at[2]:at[3]]))
	if end := strings.Index(text, "}}"); end >= 0 {
		text = text[:end+2]
	}
	return fmt.Errorf("%s:%d: %s makes this a template, not YAML; render it first, with helm template, and read what that prints",
		d.file, d.lineAt(at[2]), text)
}
