package drift

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// Workload is a Deployment or StatefulSet.
type Workload struct {
	Object    string // "deployment.apps/api"
	Namespace string
	Template  corev1.PodTemplateSpec
}

// core finds workloads of Polyaxon itself that would land elsewhere while the webhook is away: the chart's values place
// their pods otherwise. The training operator's chart has no values for that.
func (f *Facts) core() []Drift {
	var found []Drift
	for _, w := range f.Workloads {
		for _, file := range f.Policies {
			if s := &file.Policy.Spec; slices.Contains(s.Namespaces, w.Namespace) && w.isCore(s.Release) && w.hasValues() {
				found = append(found, w.drifts(s)...)
			}
		}
	}
	return found
}

func (w Workload) isCore(release string) bool {
	pod := &corev1.Pod{ObjectMeta: w.Template.ObjectMeta}
	return polyaxon.Identify(pod, release).Role == v1alpha1.RoleCore
}

// hasValues says whether the chart of the workload has values that place it.
func (w Workload) hasValues() bool {
	l := w.Template.Labels
	return l["type"] != "polyaxon-integration" && l["app.kubernetes.io/part-of"] != "polyaxon-integration" &&
		!slices.Contains([]string{"trainingjobs", "tfjob", "pytorchjob", "mpijob"}, l["app"])
}

func (w Workload) drifts(s *v1alpha1.Spec) []Drift {
	pools := poolsOf(s, v1alpha1.RoleCore)
	if len(pools) == 0 {
		return nil
	}
	fix := fmt.Sprintf("kubectl polymoat values --chart VERSION --release %s > placement.yaml && "+
		"helm upgrade %s polyaxon/polyaxon --namespace %s --reuse-values -f placement.yaml", s.Release, s.Release, w.Namespace)
	spec := &w.Template.Spec
	pool, ok := pinned(spec, pools)
	var found []Drift
	if !ok {
		found = append(found, Drift{Core, w.Object, selects(spec, pools), fix})
	}
	if missing := untolerated(pool.Taints, spec.Tolerations); len(missing) > 0 {
		found = append(found, Drift{Core, w.Object, "has pods that do not tolerate the taint " + words(missing), fix})
	}
	return found
}

// poolsOf are the node pools of a role.
func poolsOf(s *v1alpha1.Spec, name string) []v1alpha1.NodePool {
	var pools []v1alpha1.NodePool
	for _, role := range s.Effective() {
		for _, pool := range s.NodePools {
			if role.Name == name && slices.Contains(role.NodePools, pool.Name) {
				pools = append(pools, pool)
			}
		}
	}
	return pools
}

// pinned is the pool on whose nodes alone the pods land, by their selector or in every term of their required affinity;
// the first one, and false, where they may land elsewhere.
func pinned(spec *corev1.PodSpec, pools []v1alpha1.NodePool) (v1alpha1.NodePool, bool) {
	for _, p := range pools {
		if value, ok := spec.NodeSelector[p.NodeLabel.Key]; ok && value == p.NodeLabel.Value || required(spec.Affinity, p) {
			return p, true
		}
	}
	return pools[0], false
}

func required(a *corev1.Affinity, p v1alpha1.NodePool) bool {
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return false
	}
	terms := a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	return len(terms) > 0 && !slices.ContainsFunc(terms, func(term corev1.NodeSelectorTerm) bool {
		return !slices.ContainsFunc(term.MatchExpressions, func(r corev1.NodeSelectorRequirement) bool {
			return r.Key == p.NodeLabel.Key && r.Operator == corev1.NodeSelectorOpIn && slices.Equal(r.Values, []string{p.NodeLabel.Value})
		})
	})
}

// selects says what the pods ask for in place of the pools.
func selects(spec *corev1.PodSpec, pools []v1alpha1.NodePool) string {
	var labels []string
	for _, p := range pools {
		if value, ok := spec.NodeSelector[p.NodeLabel.Key]; ok {
			return fmt.Sprintf("has pods that select %s, and not %s", v1alpha1.NodeLabel{Key: p.NodeLabel.Key, Value: value}, p.NodeLabel)
		}
		labels = append(labels, p.NodeLabel.String())
	}
	return "has pods that do not select " + strings.Join(labels, " or ")
}
