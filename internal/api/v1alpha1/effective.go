package v1alpha1

import "slices"

// fallbacks say whose placement a known role takes when the policy has no entry for it. A role that is not here
// stands alone: core runs on the protected pools, other is not placed.
var fallbacks = map[string]string{
	RoleExperiments:  RoleJobs,
	RoleJobs:         RoleExperiments,
	RoleBuilds:       RoleJobs,
	RoleNotebooks:    RoleExperiments,
	RoleTensorboards: RoleServices,
	RoleServices:     RoleNotebooks,
	RoleDistributed:  RoleExperiments,
	RoleHelpers:      RoleJobs,
}

// Fallback is the role whose placement a known role takes when the policy has no entry for it; empty where it stands
// alone.
func Fallback(role string) string { return fallbacks[role] }

// EntryOf is the name of the role whose entry speaks for a role: its own, or that of the first fallback that has one.
// Empty where none does.
func (s *Spec) EntryOf(role string) string {
	if i := s.entry(role); i >= 0 {
		return s.Roles[i].Name
	}
	return ""
}

// Effective returns one entry for every known role, in the order of KnownRoles, and then the policy's own roles in
// the order of the document. A known role without an entry takes its fallback's placement, security contexts and
// overrides under its own name, with its own defaults for everything else. Overrides are those in force: the role's own or
// those of spec.defaults, with every "*" written out. The entries share memory with the policy: read only.
func (s *Spec) Effective() []Role {
	roles := make([]Role, 0, len(KnownRoles)+len(s.Roles))
	for _, name := range KnownRoles {
		roles = append(roles, s.effective(name))
	}
	for _, r := range s.Roles {
		if !slices.Contains(KnownRoles, r.Name) {
			roles = append(roles, r)
		}
	}
	for i := range roles {
		roles[i].Overrides = s.bounds(&roles[i])
	}
	return roles
}

// effective is the entry of a known role, or what stands in for it.
func (s *Spec) effective(name string) Role {
	role := Role{Name: name}
	switch i := s.entry(name); {
	case i >= 0 && s.Roles[i].Name == name:
		return s.Roles[i]
	case i >= 0:
		from := s.Roles[i]
		role.NodePools, role.NodeSelector = from.NodePools, from.NodeSelector
		role.Tolerations, role.Affinity = from.Tolerations, from.Affinity
		role.PodSecurityContext, role.ContainerSecurityContext = from.PodSecurityContext, from.ContainerSecurityContext
		role.Overrides = from.Overrides
	case name == RoleCore:
		role.NodePools = s.protectedPools()
	}
	role.setDefaults()
	return role
}

// entry is the index of the entry that speaks for a role: its own, or the first along its fallbacks; -1 for none.
func (s *Spec) entry(name string) int {
	for seen := map[string]bool{}; name != "" && !seen[name]; name = fallbacks[name] {
		if i := slices.IndexFunc(s.Roles, func(r Role) bool { return r.Name == name }); i >= 0 {
			return i
		}
		seen[name] = true
	}
	return -1
}

func (s *Spec) protectedPools() []string {
	var names []string
	for _, p := range s.NodePools {
		if p.Protected {
			names = append(names, p.Name)
		}
	}
	return names
}
