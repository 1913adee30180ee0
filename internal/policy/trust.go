package policy

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// strictness orders the Pod Security Standards.
var strictness = map[v1alpha1.PodSecurity]int{v1alpha1.Privileged: 0, v1alpha1.Baseline: 1, v1alpha1.Restricted: 2}

// trust decides whose hardening applies. What a user can write may move a pod to another pool, but frees it of
// nothing: where content told the role, the role by Polyaxon's labels still rules, and the role's root images are
// exempt container by container. The labels of classic builds could be copied by anybody: they count as builds, root
// and all, only when Polyaxon itself asks.
func (s *subject) trust(pod *corev1.Pod) {
	if s.labelRole == s.role && s.role.name == v1alpha1.RoleBuilds && !s.requester {
		s.labelRole = s.in.roles[v1alpha1.RoleJobs]
	}
	s.hardeningRole = s.role
	if !s.role.looserThan(s.labelRole) {
		return
	}
	s.hardeningRole = s.labelRole
	if len(s.role.rootImages) > 0 {
		s.exemptRole = s.role
	}
	if main := polyaxon.Main(pod); main != nil && s.exemptRole != nil && !s.exempt(main) {
		s.warnings = append(s.warnings, fmt.Sprintf(
			"image %q is not one of the repositories that role %q may run as root; the container is hardened as role %q",
			short(main.Image), s.role.name, s.labelRole.name))
	}
}

func (r *role) looserThan(o *role) bool {
	return strictness[r.level] < strictness[o.level] || r.keeps && !o.keeps
}

// moveTo gives the pod the place of another role. It asked for it itself, and so is freed of nothing: the stricter
// hardening of both holds, and only what both allow is allowed.
func (s *subject) moveTo(to *role) {
	s.hardeningRole = strictest(s.hardeningRole, to)
	if s.exemptRole != nil {
		s.exemptRole = strictest(s.exemptRole, to)
	}
	s.role, s.pools = to, to.pools
}

// strictest is the first role with what is stricter in the second: its standard, the policy's default identity where
// the first keeps its own, and only the exceptions that both make.
func strictest(first, second *role) *role {
	both := *first
	if strictness[second.level] > strictness[first.level] {
		both = *second
	}
	if both.keeps && (!first.keeps || !second.keeps) {
		both.keeps = false
		for _, c := range slices.Concat(first.contexts, second.contexts) {
			if c.source == FromDefault {
				both.contexts = append(slices.Clip(both.contexts), c)
			}
		}
	}
	both.rootImages = common(first.rootImages, second.rootImages)
	both.hostPaths = common(first.hostPaths, second.hostPaths)
	return &both
}

// common is what both lists have.
func common[T comparable](a, b []T) []T {
	return slices.DeleteFunc(slices.Clone(a), func(e T) bool { return !slices.Contains(b, e) })
}

func (in *installation) isRequester(u UserInfo) bool { return slices.Contains(in.requesters, u.Name) }
