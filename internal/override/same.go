package override

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// What a pod gets anyway may be asked for in every role: it moves nothing and loosens nothing.

func sameRole(value string, a *Asked) string {
	if value != a.bounds.role {
		return ""
	}
	return fmt.Sprintf("role=%s: placed as role %q", value, value)
}

func samePool(value string, a *Asked) string {
	if !a.to.IsOn(value) {
		return ""
	}
	return fmt.Sprintf("node-pool=%s: placed on node pool %q", value, value)
}

func sameNodeSelector(value string, a *Asked) string {
	selector, err := parseNodeSelector(value)
	if err != nil {
		return ""
	}
	for key, asked := range selector {
		if own, ok := a.pod.Spec.NodeSelector[key]; !ok || own != asked {
			return ""
		}
	}
	return "node-selector: placed on nodes with " + printSelector(selector)
}

func sameTolerations(value string, a *Asked) string {
	tolerations, err := parseTolerations(value)
	if err != nil {
		return ""
	}
	var texts []string
	for i := range tolerations {
		t := &tolerations[i]
		if !slices.ContainsFunc(a.pod.Spec.Tolerations, func(own corev1.Toleration) bool { return own.MatchToleration(t) && sameSeconds(own, *t) }) {
			return ""
		}
		texts = append(texts, fmt.Sprintf("%q", printToleration(t)))
	}
	return "tolerations: tolerates " + strings.Join(texts, ", ")
}

// same is for a pod all of whose containers have the id by now.
func (i id) same(value string, a *Asked) string {
	n, err := parseID(value)
	if err != nil {
		return ""
	}
	if at, _ := i.other(a.pod, n); at != nil {
		return ""
	}
	for _, sc := range contexts(&a.pod.Spec) {
		if i.ofPod(a.pod) == nil && i.container(sc) == nil {
			return ""
		}
	}
	return fmt.Sprintf("%s=%s: %s %d", i.key, value, i.says, n)
}
