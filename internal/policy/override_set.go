package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/landing"
)

// Placement is what the accepted overrides of one pod come to. A nil field leaves the pod's field alone. An override
// that the pod's own spec contradicts is not accepted: nothing is silently overwritten.
type Placement struct {
	pool         *pool
	poolConflict bool // the pod itself asks for another pool than its override: it is placed on neither
	nodeSelector map[string]string
	tolerations  []corev1.Toleration
	identity     corev1.PodSecurityContext // runAsUser, runAsGroup and fsGroup alone
	said         []string                  // what was accepted, for whoever creates the pod
	names        []string                  // of what was accepted

	subject *subject
	pod     *corev1.Pod // read only
	own     *role       // the role before polymoat.io/role: its bounds hold for every override
}

func (p *Placement) say(format string, args ...any) {
	p.said = append(p.said, overridePrefix+fmt.Sprintf(format, args...))
}

// setRole moves the pod to another role. Two overrides never add up: the bounds stay those of the pod's own role.
func setRole(value string, p *Placement) error {
	if said := sameRole(value, p); said != "" {
		p.say("%s anyway", said)
		return nil
	}
	if err := p.oneOf(value, p.own.overrides.Roles); err != nil {
		return err
	}
	to := p.subject.in.roles[value]
	p.subject.moveTo(to)
	p.say("role=%s: placed as role %q instead of %q", value, value, p.own.name)
	return nil
}

// setPool adds a node pool to those that the pod may use. Together with another role it must be one of that role's.
func setPool(value string, p *Placement) error {
	if err := p.oneOf(value, p.own.overrides.NodePools); err != nil {
		return err
	}
	role, wanted := p.subject.role, p.subject.in.pool(value)
	if role != p.own && !role.mayUse(wanted) {
		return fmt.Errorf("role %q, which %srole asks for, may not use it; keep one of the two", role.name, overridePrefix)
	}
	if err := p.agrees(wanted); err != nil {
		p.poolConflict = true
		return err
	}
	p.pool = wanted
	rest := slices.DeleteFunc(slices.Clone(role.pools), wanted.sameNodes)
	p.subject.pools = append([]*pool{wanted}, rest...)
	instead := ""
	if len(role.pools) > 0 && role.pools[0] != wanted {
		instead = fmt.Sprintf(" instead of %q", role.pools[0].Name)
	}
	p.say("node-pool=%s: placed on node pool %q%s", value, value, instead)
	return nil
}

// agrees is the error of a pod that asks for other nodes itself. A role that is moved gives way to the override.
func (p *Placement) agrees(wanted *pool) error {
	if p.subject.role.replace {
		return nil
	}
	if key := p.subject.in.elsewhere(p.pod, []*pool{wanted}); key != "" {
		return disagrees(pathNodeSelector.Key(key), p.pod.Spec.NodeSelector[key])
	}
	if !leaves(landing.Of(&p.pod.Spec), []*pool{wanted}) {
		return errors.New("the pod's own nodeSelector and affinity leave it no node of that pool; change one of them")
	}
	return nil
}

// setNodeSelector asks for nodes by their labels.
func setNodeSelector(value string, p *Placement) error {
	selector, err := parseNodeSelector(value)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		if err := p.oneOf(key, p.own.overrides.NodeSelectorKeys); err != nil {
			return fmt.Errorf("selects by %q; %w", short(key), err)
		}
		if own, ok := p.pod.Spec.NodeSelector[key]; ok && own != selector[key] {
			return disagrees(pathNodeSelector.Key(key), own)
		}
	}
	p.nodeSelector = selector
	p.say("node-selector: placed on nodes with %s", printSelector(selector))
	return nil
}

// setTolerations asks for nodes in spite of their taints.
func setTolerations(value string, p *Placement) error {
	tolerations, err := parseTolerations(value)
	if err != nil {
		return err
	}
	var texts []string
	for i := range tolerations {
		t := &tolerations[i]
		if err := p.oneOf(t.Key, p.own.overrides.TolerationKeys); err != nil {
			return fmt.Errorf("tolerates the key %q; %w", short(t.Key), err)
		}
		for at, own := range p.pod.Spec.Tolerations {
			if own.MatchToleration(t) && !sameSeconds(own, *t) {
				return fmt.Errorf("disagrees with %s, which tolerates the same for another time; keep one", pathTolerations.Index(at))
			}
		}
		texts = append(texts, fmt.Sprintf("%q", printToleration(t)))
	}
	p.tolerations = tolerations
	p.say("tolerations: tolerates %s", strings.Join(texts, ", "))
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
	return fmt.Errorf("disagrees with %s, which is %q; keep one", at, short(own))
}
