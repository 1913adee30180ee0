package doctor

import (
	"fmt"
	"slices"
)

// EvictingGroups are the API groups of objects by which pods are evicted.
var EvictingGroups = []string{"scheduling.k8s.io", "lifecycle.k8s.io"}

// evictors are those objects, as RBAC names them.
var evictors = []string{
	"podgroups.scheduling.k8s.io", "compositepodgroups.scheduling.k8s.io", "workloads.scheduling.k8s.io", "evictionrequests.lifecycle.k8s.io",
}

// GroupGates are the feature gates that decide what a group of pods may do.
var GroupGates = []string{"GenericWorkload", "WorkloadWithJob", "CompositePodGroup", "PodGroupPreemptionPolicy", "EvictionRequestAPI"}

// Serves notes a resource that the API server serves. Those that evict nobody are left out.
func (f *Facts) Serves(resource string) {
	if slices.Contains(evictors, resource) && !slices.Contains(f.Evictors, resource) {
		f.Evictors = append(f.Evictors, resource)
	}
}

// groupGates tells that pods may be evicted from the whole cluster: what protects core then is its priority.
func groupGates(v View) []Finding {
	if len(v.Evictors) == 0 && len(v.Gates) == 0 {
		return nil
	}
	what := fmt.Sprintf("The API server serves %s.", named(slices.Sorted(slices.Values(v.Evictors))))
	if len(v.Gates) > 0 {
		what += fmt.Sprintf(" Its feature gates %s are open.", named(v.Gates))
	}
	why := "The pods of a group may evict in the whole cluster. Core is safe as long as its priority is above theirs: see core-priority."
	if slices.Contains(v.Gates, "WorkloadWithJob") {
		why += " Jobs get a group unasked."
	}
	return []Finding{{Severity: Info, What: what, Why: why, Fix: "kubectl get priorityclasses # none that runs may name is above core's"}}
}
