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
