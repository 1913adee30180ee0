package policy

import (
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/landing"
	"github.com/polymoat/polymoat/internal/override"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// override takes in what the pod asks for, and its owner where that counts. What is not accepted changes nothing and is
// listed in s.invalid.
func (s *subject) override(pod *corev1.Pod, owner *polyaxon.Owner) {
	s.ownRole = s.role
	s.asked, s.invalid = override.Read(pod, owner, s.role.bounds, placer{s, pod})
}

// placer is an override.Placer: it gives a pod the role and the pool that its overrides ask for.
type placer struct {
	s   *subject
	pod *corev1.Pod // read only
}

func (p placer) MoveTo(role string) { p.s.moveTo(p.s.in.roles[role]) }

// UsePool adds a node pool to those that the pod may use. Together with another role it must be one of that role's.
func (p placer) UsePool(name string) (instead string, err error) {
	role, wanted := p.s.role, p.s.in.pool(name)
	if role != p.s.ownRole && !role.mayUse(wanted) {
		return "", fmt.Errorf("role %q, which %srole asks for, may not use it; keep one of the two", role.name, override.Prefix)
	}
	if err := p.agrees(wanted); err != nil {
		p.s.poolConflict = true
		return "", err
	}
	p.s.askedPool = wanted
	rest := slices.DeleteFunc(slices.Clone(role.pools), wanted.sameNodes)
	p.s.pools = append([]*pool{wanted}, rest...)
	if len(role.pools) > 0 && role.pools[0] != wanted {
		instead = role.pools[0].Name
	}
	return instead, nil
}

func (p placer) IsOn(name string) bool {
	wanted := p.s.in.pool(name)
	return wanted != nil && p.pod.Spec.NodeSelector[wanted.Key] == wanted.Value && p.s.role.mayUse(wanted)
}

// agrees is the error of a pod that asks for other nodes itself. A role that is moved gives way to the override.
func (p placer) agrees(wanted *pool) error {
	if p.s.role.replace {
		return nil
	}
	if key := p.s.in.elsewhere(p.pod, []*pool{wanted}); key != "" {
		return fmt.Errorf("disagrees with %s, which is %q; keep one", pathNodeSelector.Key(key), short(p.pod.Spec.NodeSelector[key]))
	}
	if !leaves(landing.Of(&p.pod.Spec), []*pool{wanted}) {
		return errors.New("the pod's own nodeSelector and affinity leave it no node of that pool; change one of them")
	}
	return nil
}

// NeedsOwner says whether the overrides of the resource that the pod was made of would count, so that it is worth looking
// for: only runs take from it what does not reach them, and only where their role accepts any overrides.
func (p *Policy) NeedsOwner(r Request) bool {
	in := p.governed[r.Namespace]
	if in == nil || isMirror(r) {
		return false
	}
	role, _, id := in.classify(r.Pod)
	return role.heedsOwner(id)
}

// NeedsOwners says whether any role accepts overrides: where none does, no owner needs to be known.
func (p *Policy) NeedsOwners() bool {
	for _, in := range p.governed {
		for _, r := range in.roles {
			if r.bounds.AcceptAny() {
				return true
			}
		}
	}
	return false
}

func (r *role) heedsOwner(id polyaxon.Identity) bool { return id.Run && r.bounds.AcceptAny() }
