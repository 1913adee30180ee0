package override

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// setRole moves the pod to another role. Two overrides never add up: the bounds stay those of the pod's own role.
func setRole(value string, a *Asked) error {
	if said := sameRole(value, a); said != "" {
		a.say("%s anyway", said)
		return nil
	}
	if err := a.oneOf(value, a.bounds.Roles); err != nil {
		return err
	}
	a.to.MoveTo(value)
	a.say("role=%s: placed as role %q instead of %q", value, value, a.bounds.role)
	return nil
}

// setPool places the pod on another node pool.
func setPool(value string, a *Asked) error {
	if err := a.oneOf(value, a.bounds.NodePools); err != nil {
		return err
	}
	instead, err := a.to.UsePool(value)
	if err != nil {
		return err
	}
	if instead != "" {
		instead = fmt.Sprintf(" instead of %q", instead)
	}
	a.say("node-pool=%s: placed on node pool %q%s", value, value, instead)
	return nil
}

// setNodeSelector asks for nodes by their labels.
func setNodeSelector(value string, a *Asked) error {
	selector, err := parseNodeSelector(value)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		if err := a.oneOf(key, a.bounds.NodeSelectorKeys); err != nil {
			return fmt.Errorf("selects by %q; %w", polyaxon.Clip(key), err)
		}
		if own, ok := a.pod.Spec.NodeSelector[key]; ok && own != selector[key] {
			return disagrees(field.NewPath("spec", "nodeSelector").Key(key), own)
		}
	}
	a.NodeSelector = selector
	a.say("node-selector: placed on nodes with %s", printSelector(selector))
	return nil
}

// setTolerations asks for nodes in spite of their taints.
func setTolerations(value string, a *Asked) error {
	tolerations, err := parseTolerations(value)
	if err != nil {
		return err
	}
	var texts []string
	for i := range tolerations {
		t := &tolerations[i]
		if err := a.oneOf(t.Key, a.bounds.TolerationKeys); err != nil {
			return fmt.Errorf("tolerates the key %q; %w", polyaxon.Clip(t.Key), err)
		}
		for at, own := range a.pod.Spec.Tolerations {
			if own.MatchToleration(t) && !sameSeconds(own, *t) {
				return fmt.Errorf("disagrees with %s, which tolerates the same for another time; keep one", field.NewPath("spec", "tolerations").Index(at))
			}
		}
		texts = append(texts, fmt.Sprintf("%q", printToleration(t)))
	}
	a.Tolerations = tolerations
	a.say("tolerations: tolerates %s", strings.Join(texts, ", "))
	return nil
}

func sameSeconds(a, b corev1.Toleration) bool {
	if a.TolerationSeconds == nil || b.TolerationSeconds == nil {
		return a.TolerationSeconds == b.TolerationSeconds
	}
	return *a.TolerationSeconds == *b.TolerationSeconds
}

// disagrees names the field of the pod that says something else.
func disagrees(at *field.Path, own string) error {
	return fmt.Errorf("disagrees with %s, which is %q; keep one", at, polyaxon.Clip(own))
}

// oneOf is the error of a value that is not accepted, with the nearest that is.
func (a *Asked) oneOf(value string, accepted []string) error {
	if slices.Contains(accepted, value) {
		return nil
	}
	text := fmt.Sprintf("role %q accepts %s", a.bounds.role, v1alpha1.Quoted(accepted))
	if near := v1alpha1.Nearest(value, accepted); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return errors.New(text)
}

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
	for _, own := range i.containers(a.pod) {
		if i.ofPod(a.pod) == nil && own == nil {
			return ""
		}
	}
	return fmt.Sprintf("%s=%s: %s %d", i.key, value, i.says, n)
}
