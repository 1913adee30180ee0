package v1alpha1

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/polymoat/polymoat/internal/landing"
)

// doubts are what a policy says that protects less than it seems to, in no particular order. They are no mistakes: there
// may be reasons for it.
func (s *Spec) doubts() field.ErrorList {
	pools, roles := field.NewPath("spec", "nodePools"), field.NewPath("spec", "roles")
	return slices.Concat(s.doubtPools(pools), s.doubtTaints(pools), s.doubtCore(roles), s.doubtRoles(roles))
}

func (s *Spec) doubtPools(path *field.Path) field.ErrorList {
	if len(s.protectedPools()) == 0 {
		return field.ErrorList{forbidden(path, "protect no node pool, so nothing keeps runs off the nodes that keep Polyaxon alive; set protected: true on the pool of these nodes")}
	}
	var list field.ErrorList
	for i, p := range s.NodePools {
		if p.Protected && !slices.ContainsFunc(p.Taints, func(t corev1.Taint) bool { return landing.Repels(&t) }) {
			list = append(list, forbidden(path.Index(i).Child("taints"),
				"keep no pod off the protected node pool %q, so pods of other namespaces land there; add a taint with effect NoSchedule, to the nodes as well", p.Name))
		}
	}
	return list
}

// doubtTaints finds taints that two pools share.
func (s *Spec) doubtTaints(path *field.Path) field.ErrorList {
	var list field.ErrorList
	first := map[string]string{}
	for i, p := range s.NodePools {
		for j := range p.Taints {
			t := &p.Taints[j]
			if !landing.Repels(t) {
				continue
			}
			if of, taken := first[t.ToString()]; taken {
				list = append(list, invalid(path.Index(i).Child("taints").Index(j), t.ToString(),
					"is a taint of node pool %q as well, so pods for one of them tolerate the other; give each a taint of its own", of))
				continue
			}
			first[t.ToString()] = p.Name
		}
	}
	return list
}

// doubtCore finds that Polyaxon itself is placed by default, or not at all.
func (s *Spec) doubtCore(path *field.Path) field.ErrorList {
	protected := s.protectedPools()
	i := slices.IndexFunc(s.Roles, func(r Role) bool { return r.Name == RoleCore })
	if len(protected) == 0 || i >= 0 && len(s.Roles[i].NodePools) > 0 {
		return nil
	}
	pools := strings.Join(protected, ", ")
	if i >= 0 {
		return field.ErrorList{forbidden(path.Index(i).Child("nodePools"),
			"lists no node pool, so Polyaxon itself is not placed; list the pool of the nodes that keep it alive: [%s]", pools)}
	}
	return field.ErrorList{forbidden(path, "have no role %q, so Polyaxon itself is placed on the first of all protected node pools; add {name: core, nodePools: [%s]}",
		RoleCore, pools)}
}

// doubtRoles finds roles that run beside Polyaxon itself.
func (s *Spec) doubtRoles(path *field.Path) field.ErrorList {
	var list field.ErrorList
	for i, r := range s.Roles {
		for j, name := range r.NodePools {
			if pool := s.pool(name); r.Name != RoleCore && pool != nil && pool.Protected {
				list = append(list, invalid(path.Index(i).Child("nodePools").Index(j), name,
					"is protected, and role %q is not Polyaxon itself; remove it, or describe nodes of its own", r.Name))
			}
		}
	}
	return list
}

// validateReach wants the role's own affinity to leave it nodes of every pool that it lists, and of no other pool.
func (s *Spec) validateReach(r *Role, path *field.Path) field.ErrorList {
	if r.Affinity == nil || r.Affinity.NodeAffinity == nil || r.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil
	}
	var errs field.ErrorList
	asks := landing.Constraints{NodeSelector: r.NodeSelector, Affinity: r.Affinity.NodeAffinity}
	for _, name := range r.NodePools {
		if pool := s.pool(name); pool != nil && !landing.Possible(asks, s.alone(pool)) {
			errs = append(errs, forbidden(path.Child("nodeAffinity", required),
				"leaves the role no node of node pool %q, which it lists; change it, or remove the pool", name))
		}
	}
	return errs
}

// alone describes the nodes of a pool that belong to no other.
func (s *Spec) alone(pool *NodePool) landing.Pool {
	alone := landing.Pool{Key: pool.NodeLabel.Key, Value: pool.NodeLabel.Value}
	for _, o := range s.NodePools {
		if o.NodeLabel.Key != alone.Key {
			alone.Without = append(alone.Without, landing.Label(o.NodeLabel))
		}
	}
	return alone
}

// unprotected finds node labels that one policy protects and another does not.
func unprotected(files []File) field.ErrorList {
	protectors := map[NodeLabel]File{}
	for _, f := range files {
		for _, p := range f.Policy.Spec.NodePools {
			if p.Protected {
				protectors[p.NodeLabel] = f
			}
		}
	}
	var errs field.ErrorList
	for _, f := range files {
		for i, p := range f.Policy.Spec.NodePools {
			if by, ok := protectors[p.NodeLabel]; ok && !p.Protected {
				errs = append(errs, invalid(field.NewPath("spec", "nodePools").Index(i).Child("nodeLabel"), p.NodeLabel.String(),
					"is protected by %s and not by %s, whose runs are sent there; protect it in both, or give one of the pools another label", by, f))
			}
		}
	}
	return errs
}

// String is the label as kubectl writes it: "polyaxon=core".
func (l NodeLabel) String() string { return fmt.Sprintf("%s=%s", l.Key, l.Value) }
