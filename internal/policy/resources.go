package policy

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/unschedulable"
)

// serving are the pools with those first that serve what a pod needs: all of what any of them serves. Pods that need
// nothing of that are served by pools that are for no resources.
func serving(pools []*pool, spec *corev1.PodSpec) []*pool {
	var served []string
	for _, p := range pools {
		served = append(served, p.resources...)
	}
	if len(served) == 0 {
		return pools
	}
	wanted := common(slices.Collect(maps.Keys(unschedulable.NeedsOf(spec))), served)
	var first, rest []*pool
	for _, p := range pools {
		if len(common(wanted, p.resources)) == len(wanted) && (len(wanted) > 0 || len(p.resources) == 0) {
			first = append(first, p)
		} else {
			rest = append(rest, p)
		}
	}
	return append(first, rest...)
}
