package cli

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/polymoat/polymoat/internal/policy"
)

// differences are the fields that one policy sets and the other does not, or to something else. Both began with the same
// pod: what neither changes is the same.
func differences(was, is []policy.Change) []difference {
	var found []difference
	for _, old := range was {
		if !slices.ContainsFunc(is, func(c policy.Change) bool { return c.Path == old.Path }) {
			found = append(found, difference{Path: old.Path, Old: old.New, New: old.Old, Source: old.Source})
		}
	}
	for _, c := range is {
		i := slices.IndexFunc(was, func(old policy.Change) bool { return old.Path == c.Path })
		if i < 0 {
			found = append(found, difference{Path: c.Path, Old: c.Old, New: c.New, Source: c.Source})
		} else if !equality.Semantic.DeepEqual(was[i].New, c.New) {
			found = append(found, difference{Path: c.Path, Old: was[i].New, New: c.New, Source: c.Source})
		}
	}
	slices.SortStableFunc(found, func(a, b difference) int { return cmp.Compare(a.Path, b.Path) })
	return found
}
