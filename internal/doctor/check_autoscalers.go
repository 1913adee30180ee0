package doctor

import (
	"strings"

	groups "github.com/polymoat/polymoat/internal/drift"
)

// The resources by which autoscalers are told what to start.
const (
	NodePools          Resource = "nodepools.karpenter.sh"
	MachineDeployments Resource = "machinedeployments.cluster.x-k8s.io"
)

// autoscalers finds what starts nodes that are not what the policy says. Where it leaves a protected pool's label to the
// pod that asks for a node, a run could have a core node started.
func autoscalers(v View) []Finding {
	var found []Finding
	for _, d := range groups.FindGroups(v.files, v.Groups) {
		f := Finding{
			Severity: Warning, What: ended(d.Object + " " + d.What),
			Why: "The nodes that it starts are not those of the policy: pods stray onto them, or have nowhere to run.",
			Fix: d.Fix,
		}
		if strings.Contains(d.What, "protected node pool") {
			f.Severity = Error
			f.Why = "A pod that polymoat is not asked about could have a core node started for itself."
		}
		found = append(found, f)
	}
	return found
}
