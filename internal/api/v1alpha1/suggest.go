package v1alpha1

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
)

// didYouMean is the clause that ends a message about an unknown word: the accepted word nearest to it, or where none
// is near, all of them.
func didYouMean(word string, accepted []string) string {
	if near := Nearest(word, accepted); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "accepted: " + Quoted(accepted)
}

// Nearest is the accepted word with the fewest edits from this one; empty where it takes more than one edit for
// every three letters. Case does not count.
func Nearest(word string, accepted []string) string {
	best, fewest := "", max(1, len(word)/3)+1
	for _, candidate := range accepted {
		if d := levenshtein.Distance(strings.ToLower(word), strings.ToLower(candidate), nil); d < fewest {
			best, fewest = candidate, d
		}
	}
	return best
}

// Quoted lists words: `"a", "b"`.
func Quoted[T ~string](words []T) string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = strconv.Quote(string(w))
	}
	return strings.Join(list, ", ")
}
