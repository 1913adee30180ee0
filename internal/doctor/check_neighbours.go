package doctor

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/template"
)

// CoreNodes are the names of the protected nodes on which core runs, sorted; none where the policy is not known.
func CoreNodes(f *Facts) []string {
	v := newView(f)
	protected := sets.New[string]()
	for _, pool := range v.pools() {
		if pool.Protected {
			protected = protected.Union(sets.KeySet(v.nodesOf(pool)))
		}
	}
	run := sets.New[string]()
	for _, pod := range v.identified(isCore) {
		run.Insert(pod.Spec.NodeName)
	}
	return sets.List(run.Intersection(protected))
}

// coreNeighbours finds pods beside core that every core pod there outranks. Runs have a check of their own: core-apart.
func coreNeighbours(v View) []Finding {
	nodes, known := CoreNodes(v.Facts), sets.New[string]()
	lowest := int32(0)
	for _, pod := range v.identified(isCore) {
		if !slices.Contains(nodes, pod.Spec.NodeName) {
			continue
		}
		if priority := ptr.Deref(pod.Spec.Priority, 0); known.Len() == 0 || priority < lowest {
			lowest = priority
		}
		known.Insert(pod.Namespace + "/" + pod.Name)
	}
	for _, pod := range v.identified(isRun) {
		known.Insert(pod.Namespace + "/" + pod.Name)
	}
	var low []string
	for _, pod := range v.Neighbours {
		name := pod.Namespace + "/" + pod.Name
		if alive(pod) && !known.Has(name) && !template.RunsEverywhere(pod) && ptr.Deref(pod.Spec.Priority, 0) < lowest {
			low = append(low, name)
		}
	}
	if len(low) == 0 {
		return nil
	}
	return []Finding{{
		Severity: Info,
		What:     fmt.Sprintf("Beside core %s %s, of a lower priority than core's lowest, %d.", are(low, "runs pod", "run pods"), named(low), lowest),
		Why:      "Until the scheduler evicts them for core, they take room on its nodes.",
		Fix:      "kubectl polymoat audit # names each, with its node",
	}}
}
