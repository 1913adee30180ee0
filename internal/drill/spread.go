package drill

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/landing"
)

// spread is a topology spread constraint that keeps a pod pending.
type spread struct {
	key        string
	skew       int
	minDomains int
	selector   labels.Selector
	self       int            // 1 where the pod counts itself
	nodes      map[int]bool   // those whose pods count
	counts     map[string]int // pods by domain, before anything comes back
}

// spreads compiles the constraints of a pod. One that cannot be parsed keeps it from every node, in the scheduler, too.
func (d *drill) spreads(a *arrival, search landing.Search) {
	var keys []string
	for _, c := range a.pod.Spec.TopologySpreadConstraints {
		if c.WhenUnsatisfiable != corev1.DoNotSchedule {
			continue
		}
		selector, err := metav1.LabelSelectorAsSelector(withKeys(c.LabelSelector, a.pod.Labels, c.MatchLabelKeys, metav1.LabelSelectorOpIn))
		if err != nil {
			a.never = fmt.Sprintf("the selector of its topology spread over %s is wrong: %v", c.TopologyKey, err)
			return
		}
		s := spread{key: c.TopologyKey, skew: int(c.MaxSkew), minDomains: int(ptr.Deref(c.MinDomains, 1)), selector: selector, nodes: map[int]bool{}, counts: map[string]int{}}
		if selector.Matches(labels.Set(a.pod.Labels)) {
			s.self = 1
		}
		a.spread, keys = append(a.spread, s), append(keys, c.TopologyKey)
	}
	i := 0
	for _, c := range a.pod.Spec.TopologySpreadConstraints {
		if c.WhenUnsatisfiable == corev1.DoNotSchedule {
			d.count(a, &a.spread[i], c, keys, search)
			i++
		}
	}
}

// count finds the nodes and pods that count for a constraint.
func (d *drill) count(a *arrival, s *spread, c corev1.TopologySpreadConstraint, keys []string, search landing.Search) {
	for i, n := range d.nodes {
		if d.lost[i] || !hasAll(n, keys) {
			continue
		}
		if ptr.Deref(c.NodeAffinityPolicy, corev1.NodeInclusionPolicyHonor) == corev1.NodeInclusionPolicyHonor && !search.Selects(n.land) {
			continue
		}
		if ptr.Deref(c.NodeTaintsPolicy, corev1.NodeInclusionPolicyIgnore) == corev1.NodeInclusionPolicyHonor && repels(search, n) {
			continue
		}
		s.nodes[i] = true
		s.counts[n.Labels[s.key]] += 0
		for _, p := range n.pods {
			if s.counted(a, p) {
				s.counts[n.Labels[s.key]]++
			}
		}
	}
}

func (s *spread) counted(a *arrival, p *Pod) bool {
	return p.Namespace == a.pod.Namespace && !s.selector.Empty() && s.selector.Matches(labels.Set(p.Labels))
}

func hasAll(n *node, keys []string) bool {
	for _, key := range keys {
		if _, ok := n.Labels[key]; !ok {
			return false
		}
	}
	return true
}

// repels says whether a taint that the node itself has keeps the pod off; being cordoned is none.
func repels(search landing.Search, n *node) bool {
	for range search.Repelling(landing.Node{Taints: n.Spec.Taints}) {
		return true
	}
	return false
}

// now are the pods of each domain in the course of a drill, and the fewest of one.
func (s *spread) now(a *arrival, h *course) (map[string]int, int) {
	counts := maps.Clone(s.counts)
	for _, p := range h.placed {
		if s.nodes[p.at] && s.counted(a, p.pod) {
			counts[h.nodes[p.at].Labels[s.key]]++
		}
	}
	for p := range h.evicted {
		if s.nodes[p.at] && s.counted(a, p) {
			counts[h.nodes[p.at].Labels[s.key]]--
		}
	}
	if len(counts) < s.minDomains || len(counts) == 0 {
		return counts, 0
	}
	return counts, slices.Min(slices.Collect(maps.Values(counts)))
}

// refuses says why the pod cannot be on the node, given the pods of each domain and the fewest of one.
func (s *spread) refuses(n *node, counts map[string]int, least int) string {
	domain, ok := n.Labels[s.key]
	if !ok {
		return fmt.Sprintf("it spreads over %s, a label that the node lacks", s.key)
	}
	if there := counts[domain] + s.self; there-least > s.skew {
		return fmt.Sprintf("spread over %s: with it, %q would have %d, another %d, and maxSkew is %d", s.key, domain, there, least, s.skew)
	}
	return ""
}
