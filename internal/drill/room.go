package drill

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// lacks says what the node has too little of for the pod: ports, places for pods, resources.
func (h *course) lacks(p *Pod, at int) string {
	n := h.nodes[at]
	if len(p.ports) > 0 {
		for _, other := range h.on(at) {
			if port := taken(p, other); port > 0 {
				return fmt.Sprintf("host port %d is taken by pod %q", port, other.Name)
			}
		}
	}
	free, pods := h.room(at)
	if int64(pods) >= n.total[corev1.ResourcePods] {
		return fmt.Sprintf("it has its %d pods", pods)
	}
	var short []string
	for name, asked := range p.asks {
		if asked > 0 && asked > free[name] {
			short = append(short, fmt.Sprintf("%s: %s asked, %s free", name, quantity(name, asked), quantity(name, max(free[name], 0))))
		}
	}
	slices.Sort(short)
	return strings.Join(short, ", ")
}

// room is what is free on a node now, and how many pods are there. It may not be modified.
func (h *course) room(at int) (amounts, int) {
	n := h.nodes[at]
	changes := amounts{}
	pods := len(n.pods)
	for _, o := range h.placed {
		if o.at == at {
			changes.add(o.pod.asks, -1)
			pods++
		}
	}
	for o := range h.evicted {
		if o.at == at {
			changes.add(o.asks, 1)
			pods--
		}
	}
	if len(changes) == 0 {
		return n.free, pods
	}
	changes.add(n.free, 1)
	return changes, pods
}

// taken is a host port that two pods cannot share; 0 for none.
func taken(a, b *Pod) int32 {
	for _, port := range a.ports {
		if slices.ContainsFunc(b.ports, func(o corev1.ContainerPort) bool { return conflicts(port, o) }) {
			return port.HostPort
		}
	}
	return 0
}

func quantity(name corev1.ResourceName, value int64) string {
	switch name {
	case corev1.ResourceCPU:
		return resource.NewMilliQuantity(value, resource.DecimalSI).String()
	case corev1.ResourceMemory, corev1.ResourceEphemeralStorage:
		return resource.NewQuantity(value, resource.BinarySI).String()
	default:
		return resource.NewQuantity(value, resource.DecimalSI).String()
	}
}

// conflicts says whether two host ports cannot be on one node.
func conflicts(a, b corev1.ContainerPort) bool {
	anywhere := func(ip string) bool { return ip == "" || ip == "0.0.0.0" }
	protocol := func(p corev1.ContainerPort) string { return strings.ToUpper(string(p.Protocol)) }
	return a.HostPort == b.HostPort && (protocol(a) == protocol(b) || protocol(a) == "" && protocol(b) == "TCP" || protocol(a) == "TCP" && protocol(b) == "") &&
		(a.HostIP == b.HostIP || anywhere(a.HostIP) || anywhere(b.HostIP))
}
