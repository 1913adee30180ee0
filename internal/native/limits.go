package native

import (
	"fmt"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// limits are the most that a twin takes of each part of a policy: the API server bounds the length of an expression and
// what it costs. e2e/native measures policies that have all of it.
var limits = []struct {
	part string
	most int
	of   func(*installation) int
}{
	{"spec.namespaces", 50, func(in *installation) int { return len(in.Spec.Namespaces) }},
	{"spec.nodePools, with the protected pools of other policies,", 20, func(in *installation) int { return len(in.known) }},
	{"protected pools of all policies", 6, func(in *installation) int { return len(in.protected) }},
	{"spec.roles, with the built-in roles,", 24, func(in *installation) int { return len(in.roles) }},
	{"spec.roles[*].match.any", 60, func(in *installation) int { return len(in.ownRows()) }},
	{"spec.images", 60, func(in *installation) int { return len(in.Spec.Images) }},
	{"spec.exceptions", 30, func(in *installation) int { return len(in.Spec.Exceptions) }},
	{"accounts that policies name", 100, func(in *installation) int { return len(in.accounts) }},
}

// Check is an error for each part of policies of which there is more than a twin takes.
func Check(docs ...*v1alpha1.PlacementPolicy) []error {
	var errs []error
	for _, doc := range docs {
		in := compile(doc, docs)
		for _, l := range limits {
			if n := l.of(in); n > l.most {
				errs = append(errs, fmt.Errorf("policy %q: %s: there are %d, and a native twin takes %d at most", doc.Metadata.Name, l.part, n, l.most))
			}
		}
	}
	return errs
}
