package unschedulable

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/resource"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// Needs are extended resources that a pod requests, and how many: "nvidia.com/gpu". Nil for most pods.
type Needs map[string]int64

// NeedsOf adds up the pod's containers as the scheduler does.
func NeedsOf(spec *corev1.PodSpec) Needs {
	if !slices.ContainsFunc(spec.Containers, needsAnything) && !slices.ContainsFunc(spec.InitContainers, needsAnything) {
		return nil
	}
	alike := &corev1.Pod{Spec: corev1.PodSpec{Containers: bare(spec.Containers), InitContainers: bare(spec.InitContainers)}}
	all := Needs{}
	for name, quantity := range resource.PodRequests(alike, resource.PodResourcesOptions{}) {
		if quantity.Sign() > 0 {
			all[string(name)] = quantity.Value()
		}
	}
	return all
}

func needsAnything(c corev1.Container) bool {
	for _, list := range []corev1.ResourceList{c.Resources.Requests, c.Resources.Limits} {
		for name := range list {
			if v1alpha1.IsExtended(name) {
				return true
			}
		}
	}
	return false
}

// bare are the containers with the extended resources that they request, and no more. Where a request is left out, the
// API server takes the limit.
func bare(containers []corev1.Container) []corev1.Container {
	list := make([]corev1.Container, len(containers))
	for i, c := range containers {
		asked := corev1.ResourceList{}
		for _, from := range []corev1.ResourceList{c.Resources.Limits, c.Resources.Requests} {
			for name, quantity := range from {
				if v1alpha1.IsExtended(name) {
					asked[name] = quantity
				}
			}
		}
		list[i] = corev1.Container{RestartPolicy: c.RestartPolicy, Resources: corev1.ResourceRequirements{Requests: asked}}
	}
	return list
}

// met says whether the node can give all of it, to this pod alone.
func (n Needs) met(node landing.Node) bool {
	for name, count := range n {
		if node.Extended[name] < count {
			return false
		}
	}
	return true
}

// unmet says what none of the nodes can give, which were just counted.
func (n Needs) unmet(nodes liveNodes) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(n)) {
		var most int64
		for _, g := range nodes {
			most = max(most, g.Node.Extended[name])
		}
		what := fmt.Sprintf("%d %s", n[name], polyaxon.Clip(name))
		if most < n[name] {
			return fmt.Sprintf("%s %s, which it requests: at most %d", nodes.none("have", "has"), what, most)
		}
		all = append(all, what)
	}
	return nodes.none("have", "has") + " all that it requests: " + strings.Join(all, ", ")
}
