package auditor

import (
	"cmp"
	"iter"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/landing"
)

// gauges are one count of everything. They are counted when somebody asks.
type gauges struct {
	leader                prometheus.Gauge
	nodes, pods, findings *prometheus.GaugeVec
}

func newGauges() gauges {
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	return gauges{
		leader: gauge("polymoat_audit_leader",
			"1 in the replica that audits what runs, 0 in the others, which tell nothing of pods.").WithLabelValues(),
		nodes: gauge("polymoat_nodes",
			"Nodes with the label of a node pool.", "policy", "pool"),
		pods: gauge("polymoat_pods",
			"Pods of governed namespaces that have not ended, by the node pool of their node; empty for none.", "policy", "role", "pool"),
		findings: gauge("polymoat_audit_findings",
			"What is not as the policy says, by the kinds of kubectl polymoat audit: pods that are or could get on protected nodes, nodes that open the way. Should be 0.",
			"policy", "kind"),
	}
}

func (g gauges) all() []prometheus.Collector {
	return []prometheus.Collector{g.leader, g.nodes, g.pods, g.findings}
}

// clusterKinds are findings about what only the plugin reads, so that the server needs no right on it.
var clusterKinds = map[audit.Kind]bool{audit.RuntimeClassOpens: true, audit.RightAround: true}

// Collectors are all that the auditor tells of itself.
func (a *Auditor) Collectors() []prometheus.Collector {
	if a.Controllers == nil {
		return []prometheus.Collector{a}
	}
	return append(a.reports.Collectors(), a)
}

// Describe names the gauges.
func (a *Auditor) Describe(out chan<- *prometheus.Desc) {
	for _, g := range newGauges().all() {
		g.Describe(out)
	}
}

// Collect counts nodes and pods.
func (a *Auditor) Collect(out chan<- prometheus.Metric) {
	if !a.Nodes.Synced() {
		return
	}
	for _, g := range a.count().all() {
		g.Collect(out)
	}
}

// count looks at every node, and at every pod where this replica audits. What is 0 is told, so that an alert knows it from
// what is missing.
func (a *Auditor) count() gauges {
	g, pods := newGauges(), a.pods.Load()
	for _, pool := range a.audit.Pools() {
		g.nodes.WithLabelValues(pool.Policy, pool.Name).Set(0)
		for _, k := range audit.Kinds {
			if pods != nil && !clusterKinds[k.Kind] {
				g.findings.WithLabelValues(pool.Policy, string(k.Kind)).Set(0)
			}
		}
	}
	for n := range a.Nodes.All() {
		for _, pool := range a.audit.PoolsOf(n) {
			g.nodes.WithLabelValues(pool.Policy, pool.Name).Inc()
		}
		if pods != nil {
			g.add(a.audit.Node(n))
		}
	}
	if pods == nil {
		return g
	}
	g.leader.Set(1)
	core := a.corePods(pods)
	for r, node := range a.withNodes(pods) {
		pool := ""
		for _, of := range a.audit.PoolsOf(node) {
			pool = cmp.Or(pool, of.Name)
		}
		g.pods.WithLabelValues(r.Policy, r.Role, pool).Inc()
		g.add(r.On(node))
		g.add(core.Below(r, node))
	}
	return g
}

func (g gauges) add(found []audit.Finding) {
	for _, f := range found {
		g.findings.WithLabelValues(f.Policy, string(f.Kind)).Inc()
	}
}

// withNodes are the pods that a policy looks at, with the nodes on which they run.
func (a *Auditor) withNodes(pods *auditedPods) iter.Seq2[*audit.AuditedPod, landing.Node] {
	return func(yield func(*audit.AuditedPod, landing.Node) bool) {
		nodes := map[string]landing.Node{}
		for r := range pods.All() {
			if r == nil {
				continue
			}
			node, seen := nodes[r.Node]
			if !seen {
				node, _ = a.Nodes.Get(r.Node)
				nodes[r.Node] = node
			}
			if !yield(r, node) {
				return
			}
		}
	}
}

func (a *Auditor) corePods(pods *auditedPods) *audit.CorePods {
	core := a.audit.CorePods()
	for r, node := range a.withNodes(pods) {
		core.Add(r, node)
	}
	return core
}

// found is what is found of each pod; false while another replica audits.
func (a *Auditor) found() (iter.Seq2[*audit.AuditedPod, []audit.Finding], bool) {
	pods := a.pods.Load()
	return func(yield func(*audit.AuditedPod, []audit.Finding) bool) {
		core := a.corePods(pods)
		for r, node := range a.withNodes(pods) {
			if !yield(r, slices.Concat(r.On(node), core.Below(r, node))) {
				return
			}
		}
	}, pods != nil
}
