package policy

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/polymoat/polymoat/internal/polyaxon"
)

// short clips what a user wrote, for messages.
func short(s string) string { return polyaxon.Clip(s) }

// clip ends a text that is longer than so many bytes with dots.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}

// either offers a choice: `"a" or "b"`.
func either(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return strings.Join(quoted, " or ")
}

// left says how many are not told: "there is 1 more reason".
func left(n int, noun string) string {
	if n == 1 {
		return "there is 1 more " + noun
	}
	return fmt.Sprintf("there are %d more %ss", n, noun)
}
