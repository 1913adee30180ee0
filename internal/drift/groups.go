package drift

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/layers"
)

// FindGroups finds what starts nodes that would not be what the policies say: without the taints of their pool, without
// its label, or with the label of whichever pool a pod asks for. With the last, a run could have a core node started.
func FindGroups(files []v1alpha1.File, groups []Group) []Drift {
	pools := layers.Pools(files)
	slices.SortStableFunc(pools, func(a, b v1alpha1.NodePool) int { return rank(a) - rank(b) })
	var found []Drift
	for _, g := range groups {
		found = append(found, g.drifts(pools)...)
	}
	return found
}

// rank puts protected pools first.
func rank(p v1alpha1.NodePool) int {
	if p.Protected {
		return 0
	}
	return 1
}

func (g Group) drifts(pools []v1alpha1.NodePool) []Drift {
	var missing []corev1.Taint
	var of []string
	for _, p := range pools {
		if g.fixed(p) {
			if t := lacks(p, g.Taints); len(t) > 0 {
				missing, of = append(missing, t...), append(of, p.Name)
			}
		} else if g.may(p) && len(untolerated(lacks(p, g.Taints), nil)) > 0 {
			return []Drift{g.open(p)} // any other pool with that label is as open
		}
	}
	if len(missing) > 0 {
		what := fmt.Sprintf("starts nodes of node pool %s without the taint %s", v1alpha1.Quoted(of), words(missing))
		return []Drift{{Autoscalers, g.Object, what, g.withTaints(missing)}}
	}
	if slices.ContainsFunc(pools, g.may) {
		return nil
	}
	for _, p := range pools {
		if tainted(p, g.Taints) {
			what := fmt.Sprintf("starts nodes with the taints of node pool %q, and not its label %s", p.Name, p.NodeLabel)
			return []Drift{{Autoscalers, g.Object, what, g.withLabel(p)}}
		}
	}
	return nil
}

// open is the drift of a group that leaves the label of the pool to the pod.
func (g Group) open(p v1alpha1.NodePool) Drift {
	what := fmt.Sprintf("leaves the value of label %s to the pod (%s)", p.NodeLabel.Key, g.requirement(p.NodeLabel.Key))
	if p.Protected {
		what += fmt.Sprintf(": one that asks for %s is given a node of protected node pool %q without the taint %s", p.NodeLabel, p.Name, words(lacks(p, g.Taints)))
	} else {
		what += fmt.Sprintf(": nodes of node pool %q lack the taint %s", p.Name, words(lacks(p, g.Taints)))
	}
	return Drift{Autoscalers, g.Object, what, "kubectl polymoat export karpenter # one NodePool for each node pool, then remove the requirement from " + g.Object}
}

// requirement is what the group requires of a label, in words.
func (g Group) requirement(key string) string {
	for _, r := range g.Requirements {
		if r.Key != key {
			continue
		}
		if len(r.Values) == 0 {
			return string(r.Operator)
		}
		return string(r.Operator) + " " + strings.Join(r.Values, ", ")
	}
	return "no requirement"
}

// fixed says whether all nodes of the group have the pool's label.
func (g Group) fixed(p v1alpha1.NodePool) bool {
	return has(g.Labels, p) || slices.ContainsFunc(g.Requirements, func(r corev1.NodeSelectorRequirement) bool {
		return r.Key == p.NodeLabel.Key && r.Operator == corev1.NodeSelectorOpIn && slices.Equal(r.Values, []string{p.NodeLabel.Value})
	})
}

// may says whether a node of the group may have the pool's label. Karpenter gives a node such a label of its own only where
// the group speaks of its key, or where it is one that all nodes have.
func (g Group) may(p v1alpha1.NodePool) bool {
	if value, ok := g.Labels[p.NodeLabel.Key]; ok {
		return value == p.NodeLabel.Value
	}
	spoken := slices.Contains(g.free, p.NodeLabel.Key)
	for _, r := range g.Requirements {
		if r.Key == p.NodeLabel.Key {
			if spoken = true; !admits(r, p.NodeLabel.Value) {
				return false
			}
		}
	}
	return spoken
}

// admits says whether a requirement lets a node have the value.
func admits(r corev1.NodeSelectorRequirement, value string) bool {
	switch r.Operator {
	case corev1.NodeSelectorOpIn:
		return slices.Contains(r.Values, value)
	case corev1.NodeSelectorOpNotIn:
		return !slices.Contains(r.Values, value)
	case corev1.NodeSelectorOpDoesNotExist:
		return false
	case corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt:
		return compares(r, value)
	case corev1.NodeSelectorOpExists:
	}
	return true // Exists, and what Karpenter has that is not known here
}

func compares(r corev1.NodeSelectorRequirement, value string) bool {
	if len(r.Values) != 1 {
		return true
	}
	than, err := strconv.Atoi(r.Values[0])
	n, valueErr := strconv.Atoi(value)
	if err != nil || valueErr != nil {
		return false
	}
	return r.Operator == corev1.NodeSelectorOpGt && n > than || r.Operator == corev1.NodeSelectorOpLt && n < than
}

// withTaints is the command that gives the group's nodes more taints.
func (g Group) withTaints(more []corev1.Taint) string {
	all := slices.Concat(slices.DeleteFunc(slices.Clone(g.Taints), func(t corev1.Taint) bool {
		return slices.ContainsFunc(more, func(o corev1.Taint) bool { return o.Key == t.Key && o.Effect == t.Effect })
	}), more)
	if g.kind == nodePool {
		return g.patch(map[string]any{"spec": map[string]any{"taints": all}})
	}
	return g.annotate(taintsAnnotation, strings.ReplaceAll(words(all), ", ", ","))
}

// withLabel is the command that gives the group's nodes the label of a pool.
func (g Group) withLabel(p v1alpha1.NodePool) string {
	if g.kind == nodePool {
		return g.patch(map[string]any{"metadata": map[string]any{"labels": map[string]string{p.NodeLabel.Key: p.NodeLabel.Value}}})
	}
	labels := maps.Clone(g.Labels)
	labels[p.NodeLabel.Key] = p.NodeLabel.Value
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, key+"="+labels[key])
	}
	return g.annotate(labelsAnnotation, strings.Join(pairs, ","))
}

// annotate is the command that tells a cluster-autoscaler what the nodes of a MachineDeployment are. It makes none of them so.
func (g Group) annotate(key, value string) string {
	return fmt.Sprintf("kubectl -n %s annotate machinedeployment %s --overwrite %s=%s # and in what its machines boot with", g.namespace, g.name, key, value)
}

func (g Group) patch(template map[string]any) string {
	text, err := json.Marshal(map[string]any{"spec": map[string]any{"template": template}})
	if err != nil { // of plain values
		panic(fmt.Sprintf("drift: %v", err))
	}
	return fmt.Sprintf("kubectl patch nodepools.karpenter.sh %s --type=merge -p '%s'", g.name, text)
}
