package audit

import (
	"fmt"
	"strings"

	nodev1 "k8s.io/api/node/v1"

	"github.com/polymoat/polymoat/internal/landing"
)

// RuntimeClass judges what a class adds to the pods that name it, before any webhook sees them: node labels that it
// selects, and tolerations. Its overhead takes room and moves nobody.
func (a *Auditor) RuntimeClass(class *nodev1.RuntimeClass) []Finding {
	if class.Scheduling == nil {
		return nil
	}
	var found []Finding
	given := landing.Constraints{NodeSelector: class.Scheduling.NodeSelector, Tolerations: class.Scheduling.Tolerations}
	for _, p := range a.pools {
		node, lands := landing.Witness(given, p.Pool)
		_, anyway := landing.Witness(landing.Constraints{}, p.Pool)
		asks := given.NodeSelector[p.Key] == p.Value
		if !p.protected || !lands || anyway && !asks {
			continue
		}
		found = append(found, Finding{
			Kind: RuntimeClassOpens, Policy: p.policy, Object: "runtimeclass.node.k8s.io/" + class.Name, NodePool: p.Name, Witness: &node,
			Detail: fmt.Sprintf("lets pods onto protected pool %q: its scheduling %s", p.Name,
				strings.ReplaceAll(landing.Because(given, p.Pool), "spec.", "scheduling.")),
			Fix: "take that out of its scheduling, or name the classes that roles may use in runtimeClassNames",
		})
	}
	return found
}
