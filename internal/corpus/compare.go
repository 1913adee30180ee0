package corpus

import (
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// Problems are what differs between a case and its outcome; none where all is as the golden file says.
func (c Case) Problems(o Outcome) []string {
	var found []string
	if o.Role != c.Role {
		found = append(found, fmt.Sprintf("role is %q (%s), want %q", o.Role, o.Why, c.Role))
	}
	switch {
	case c.Out == "" && c.Deny == "":
		found = append(found, fmt.Sprintf("no golden file: want %s or %s; --update writes it", c.Name+OutSuffix, c.Name+DenySuffix))
	case c.Out != "" && c.Deny != "":
		found = append(found, fmt.Sprintf("two golden files: remove %s or %s", c.Name+OutSuffix, c.Name+DenySuffix))
	case c.Out != "" && o.Deny != "":
		found = append(found, "is refused, want it stored: "+strings.TrimSpace(o.Deny))
	case c.Deny != "" && o.Out != "":
		found = append(found, "is stored, want it refused: "+strings.TrimSpace(c.Deny))
	case c.Out != o.Out:
		found = append(found, udiff.Unified("want "+c.Name+OutSuffix, "got", c.Out, o.Out))
	case c.Deny != o.Deny:
		found = append(found, udiff.Unified("want "+c.Name+DenySuffix, "got", c.Deny, o.Deny))
	}
	if o.Again != "" {
		found = append(found, o.Again)
	}
	return found
}

// Stray says what is wrong with a file that belongs to no case, and what to do about it.
func Stray(file string) string {
	for _, suffix := range []string{OutSuffix, DenySuffix} {
		if name, ok := strings.CutSuffix(file, suffix); ok {
			return fmt.Sprintf("a golden file without an input; write %s, or remove it", name+inSuffix)
		}
	}
	return fmt.Sprintf("belongs to no case; a case is NAME%s with NAME%s or NAME%s: rename or remove it", inSuffix, OutSuffix, DenySuffix)
}
