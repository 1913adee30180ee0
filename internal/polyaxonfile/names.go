package polyaxonfile

import (
	"slices"

	"github.com/polymoat/polymoat/internal/polyaxon"
)

// names are the fields of a pod and what the file calls them.
type names struct {
	at    string // the place of the replica
	known [][2]string
	patch map[string]string // the environment's fields that a patch sets, and where
}

func (n *names) add(pod, field string) { n.plain(pod, join(n.at, field)) }

func (n *names) plain(pod, file string) { n.known = append(n.known, [2]string{pod, file}) }

// patched says that a patch sets a field of the environment.
func (n *names) patched(key, at string) {
	if n.patch == nil {
		n.patch = map[string]string{}
	}
	n.patch[key] = at
}

func (n *names) environment(key string) { n.plain("spec."+key, n.environmentOf(key)) }

func (n *names) environmentOf(key string) string {
	at := n.at
	if patch, ok := n.patch[key]; ok {
		at = patch
	}
	return join(at, "environment."+key)
}

// pairs are the names for a strings.Replacer, which takes the first that fits: longer ones come first.
func (n *names) pairs() []string {
	for _, key := range polyaxon.EnvironmentFields {
		n.environment(key)
	}
	for _, key := range []string{"annotations", "labels"} {
		n.plain("metadata."+key, n.environmentOf(key))
	}
	slices.SortStableFunc(n.known, func(a, b [2]string) int { return len(b[0]) - len(a[0]) })
	var pairs []string
	for _, pair := range n.known {
		pairs = append(pairs, pair[0], pair[1])
	}
	return pairs
}
