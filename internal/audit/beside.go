package audit

import (
	"fmt"
	"maps"
	"slices"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
)

// CorePods are the pods of core that run on protected nodes, to hold others on these nodes against. All are added before
// another pod is judged.
type CorePods struct {
	auditor *Auditor
	pools   map[string]string // by the name of a node on which core runs, its protected pool
	lowest  int32             // priority; means nothing while there is no node
}

// CorePods begins with none.
func (a *Auditor) CorePods() *CorePods { return &CorePods{auditor: a, pools: map[string]string{}} }

// Add takes a pod of core and its node. All other pods are left out, and nodes of no protected pool.
func (c *CorePods) Add(r *AuditedPod, n landing.Node) {
	pool := c.auditor.poolOf(n)
	if r.Role != v1alpha1.RoleCore || r.has(PodClaimsCore) || pool == "" {
		return
	}
	if len(c.pools) == 0 || r.priority < c.lowest {
		c.lowest = r.priority
	}
	c.pools[n.Name] = pool
}

// Nodes are the names of the protected nodes on which core runs, sorted.
func (c *CorePods) Nodes() []string { return slices.Sorted(maps.Keys(c.pools)) }

// Below finds a pod beside core whose priority is lower than that of every core pod: the scheduler may evict it for core.
// A pod that may not be on the node at all has a finding of its own.
func (c *CorePods) Below(r *AuditedPod, n landing.Node) []Finding {
	pool, beside := c.pools[n.Name]
	_, barred := r.inspection.Barred(n)
	if !beside || barred || r.everywhere || r.Role == v1alpha1.RoleCore || r.priority >= c.lowest {
		return nil
	}
	f := r.finding(PodBelowCore)
	f.NodePool, f.Fix = pool, "drop the toleration or the nodeName that lets it onto the node, and create it again"
	if r.Role != "" {
		f.Fix = fmt.Sprintf("take pool %q out of the nodePools of role %q", pool, r.Role)
	}
	f.Detail = fmt.Sprintf("runs beside core on node %q, and its priority %d is below core's lowest, %d: the scheduler may evict it for core",
		n.Name, r.priority, c.lowest)
	return []Finding{f}
}
