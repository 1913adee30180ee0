package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// mostNames bounds the names in a sentence.
const mostNames = 4

// named are names in quotes: `"a", "b" and 3 more`.
func named(names []string) string {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	if len(names) <= mostNames {
		return v1alpha1.Quoted(names)
	}
	return fmt.Sprintf("%s and %d more", v1alpha1.Quoted(names[:mostNames]), len(names)-mostNames)
}

// listed are short phrases without quotes: "list nodes, watch nodes and 3 more".
func listed(phrases []string) string { return strings.ReplaceAll(named(phrases), `"`, "") }

// ended is a sentence with its full stop, unless it ends by itself.
func ended(text string) string {
	if strings.HasSuffix(text, "?") || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

// are is the verb that fits so many names.
func are(names []string, one, several string) string {
	if len(names) == 1 {
		return one
	}
	return several
}
