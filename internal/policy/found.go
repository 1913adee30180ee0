package policy

import "slices"

// mostFound is how many violations a rule puts into words: a pod can break it in each of thousands of containers.
const mostFound = 64

// findings are the violations of one rule. Those beyond the most are only counted.
type findings []Violation

func (f *findings) add(word func() Violation) {
	if n := len(*f); n >= mostFound {
		(*f)[n-1].More++
		return
	}
	*f = append(*f, word())
}

// breach is what is wrong, without what to do about it: the remedy may differ when the breach does not.
type breach struct{ rule, field, detail, evidence, key string }

func (v Violation) breach() breach {
	return breach{v.Rule, v.Field.String(), v.Detail, v.Evidence, v.Key}
}

// clipped is the violation in words that an answer has room for.
func (v Violation) clipped() Violation {
	for _, text := range []*string{&v.Detail, &v.Evidence} {
		if len(*text) > longestClause {
			v.Key += *text
		}
		*text = clip(*text, longestClause)
	}
	v.Fix = clip(v.Fix, longestClause)
	return v
}

// added are the violations that were not there before. Where a rule has more than it puts into words, all of its
// violations count: one that is left out may be new.
func added(found, was []Violation) []Violation {
	known, counted := map[breach]bool{}, map[string]bool{}
	for _, v := range was {
		known[v.breach()] = true
	}
	for _, v := range found {
		counted[v.Rule] = counted[v.Rule] || v.More > 0
	}
	return slices.DeleteFunc(slices.Clone(found), func(v Violation) bool { return known[v.breach()] && !counted[v.Rule] })
}

// uncounted is how many violations there are beside those that are listed.
func uncounted(found []Violation) int {
	n := 0
	for _, v := range found {
		n += v.More
	}
	return n
}

// subtract returns what is in a and not in b, by what key says of each.
func subtract[E any](a, b []E, key func(E) string) []E {
	known := make(map[string]bool, len(b))
	for _, e := range b {
		known[key(e)] = true
	}
	var rest []E
	for _, e := range a {
		if !known[key(e)] {
			rest = append(rest, e)
		}
	}
	return rest
}
