package webhook

import (
	"cmp"
	"iter"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/polymoat/polymoat/internal/audit"
	"github.com/polymoat/polymoat/internal/landing"
)

// The gauges of what there is. They are counted when somebody asks.
var (
	nodesDesc = prometheus.NewDesc("polymoat_nodes",
		"Nodes with the label of a node pool.", []string{"policy", "pool"}, nil)
	leaderDesc = prometheus.NewDesc("polymoat_audit_leader",
		"1 in the replica that audits what runs, 0 in the others, which tell nothing of pods.", nil, nil)
	podsDesc = prometheus.NewDesc("polymoat_pods",
		"Pods of governed namespaces that have not ended, by the node pool of their node; empty for none.", []string{"policy", "role", "pool"}, nil)
	findingsDesc = prometheus.NewDesc("polymoat_audit_findings",
		"What is not as the policy means it, by the kinds of kubectl polymoat audit: pods on protected nodes that may not be there, pods that could get there, nodes that open the way. Should be 0.",
		[]string{"policy", "kind"}, nil)
)

// clusterKinds are findings about what only the plugin reads, so that the server needs no right on it.
var clusterKinds = map[audit.Kind]bool{audit.RuntimeClassOpens: true, audit.RightAround: true}

// Describe names the gauges.
func (a *auditor) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{nodesDesc, leaderDesc, podsDesc, findingsDesc} {
		out <- d
	}
}

// auditCount is one count of everything.
type auditCount struct {
	nodes    map[audit.Pool]int
	pods     map[podLabels]int
	findings map[findingLabels]int
}

type podLabels struct{ policy, role, pool string }

type findingLabels struct {
	policy string
	kind   audit.Kind
}

// Collect counts nodes and pods. What is 0 is told, so that an alert knows it from what is missing.
func (a *auditor) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, n int, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
	}
	if !a.nodes.Synced() {
		return
	}
	count := a.count()
	for pool, n := range count.nodes {
		gauge(nodesDesc, n, pool.Policy, pool.Name)
	}
	if count.pods == nil {
		gauge(leaderDesc, 0)
		return
	}
	gauge(leaderDesc, 1)
	for l, n := range count.pods {
		gauge(podsDesc, n, l.policy, l.role, l.pool)
	}
	for l, n := range count.findings {
		gauge(findingsDesc, n, l.policy, string(l.kind))
	}
}

// count looks at every node, and at every pod where this replica audits.
func (a *auditor) count() auditCount {
	c := auditCount{nodes: map[audit.Pool]int{}, findings: map[findingLabels]int{}}
	for _, pool := range a.Pools() {
		c.nodes[pool] = 0
		for _, k := range audit.Kinds {
			if !clusterKinds[k.Kind] {
				c.findings[findingLabels{pool.Policy, k.Kind}] = 0
			}
		}
	}
	for n := range a.nodes.All() {
		for _, pool := range a.PoolsOf(n) {
			c.nodes[pool]++
		}
		c.add(a.Node(n)...)
	}
	if pods := a.pods.Load(); pods != nil {
		c.pods = map[podLabels]int{}
		a.countPods(&c, pods)
	}
	return c
}

func (a *auditor) countPods(c *auditCount, pods *residents) {
	for r, node := range a.housed(pods) {
		pool := podLabels{r.Policy, r.Role, ""}
		for _, of := range a.PoolsOf(node) {
			pool.pool = cmp.Or(pool.pool, of.Name)
		}
		c.pods[pool]++
		c.add(r.On(node)...)
	}
}

// housed are the pods that a policy looks at, with the nodes on which they run.
func (a *auditor) housed(pods *residents) iter.Seq2[*audit.Resident, landing.Node] {
	return func(yield func(*audit.Resident, landing.Node) bool) {
		nodes := map[string]landing.Node{}
		for r := range pods.All() {
			if r == nil {
				continue
			}
			node, seen := nodes[r.Node]
			if !seen {
				node, _ = a.nodes.Get(r.Node)
				nodes[r.Node] = node
			}
			if !yield(r, node) {
				return
			}
		}
	}
}

func (c *auditCount) add(found ...audit.Finding) {
	for _, f := range found {
		c.findings[findingLabels{f.Policy, f.Kind}]++
	}
}
