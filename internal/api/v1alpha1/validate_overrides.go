package v1alpha1

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateOverrides keeps what may be asked for inside what an administrator could give the role.
func (s *Spec) validateOverrides(r *Role, path *field.Path) field.ErrorList {
	o := r.Overrides
	switch {
	case o == nil:
		return nil
	case r.Name == RoleCore || r.Name == RoleOther:
		return field.ErrorList{forbidden(path, "are for the runs of users; role %q takes none, remove them", r.Name)}
	}
	return slices.Concat(
		each(o.NodePools, path.Child("nodePools"), func(name string, at *field.Path) field.ErrorList { return s.validatePoolOverride(r, name, at) }),
		each(o.Roles, path.Child("roles"), func(name string, at *field.Path) field.ErrorList { return s.validateRoleOverride(r, name, at) }),
		each(o.NodeSelectorKeys, path.Child("nodeSelectorKeys"), s.validateSelectorKey),
		each(o.TolerationKeys, path.Child("tolerationKeys"), func(key string, at *field.Path) field.ErrorList { return s.validateTolerationKey(r, key, at) }),
		validateRange(o.RunAsUser, path.Child("runAsUser")),
		validateRange(o.RunAsGroup, path.Child("runAsGroup")),
		validateRange(o.FSGroup, path.Child("fsGroup")),
	)
}

func (s *Spec) validatePoolOverride(r *Role, name string, path *field.Path) field.ErrorList {
	switch pool := s.pool(name); {
	case pool == nil:
		return field.ErrorList{invalid(path, name, "is not one of spec.nodePools; %s", didYouMean(name, s.poolNames()))}
	case pool.Protected && !slices.Contains(r.NodePools, name):
		return field.ErrorList{invalid(path, name, "is protected, and role %q does not list it in nodePools; remove it", r.Name)}
	}
	return nil
}

func (s *Spec) validateRoleOverride(r *Role, name string, path *field.Path) field.ErrorList {
	accepted := s.overrideRoles(r)
	at := s.entry(name)
	switch {
	case name == RoleCore || name == RoleOther:
		return field.ErrorList{invalid(path, name, "is never given to a run; remove it")}
	case name == r.Name:
		return field.ErrorList{invalid(path, name, "is the role itself; remove it")}
	case !slices.Contains(accepted, name):
		return field.ErrorList{invalid(path, name, "is not a role of this policy; %s", didYouMean(name, accepted))}
	case at < 0:
		return nil // nothing speaks for it: it is not placed
	}
	for _, pool := range s.protectedPools() {
		if slices.Contains(s.Roles[at].NodePools, pool) && !slices.Contains(r.NodePools, pool) {
			return field.ErrorList{invalid(path, name, "may use the protected node pool %q, which role %q does not list; remove it", pool, r.Name)}
		}
	}
	return nil
}

// overrideRoles are the roles that pods of a role may be let ask for.
func (s *Spec) overrideRoles(r *Role) []string {
	var names []string
	for _, other := range s.Effective() {
		if other.Name != "" && !slices.Contains([]string{RoleCore, RoleOther, r.Name}, other.Name) {
			names = append(names, other.Name)
		}
	}
	return names
}

func (s *Spec) validateSelectorKey(key string, path *field.Path) field.ErrorList {
	errs := validateLabelKey(key, path)
	if slices.ContainsFunc(s.NodePools, func(p NodePool) bool { return key != "" && p.NodeLabel.Key == key }) {
		errs = append(errs, invalid(path, key, "is the label of node pools; list the pools in overrides.nodePools instead"))
	}
	return errs
}

func (s *Spec) validateTolerationKey(r *Role, key string, path *field.Path) field.ErrorList {
	errs := validateLabelKey(key, path)
	for _, pool := range s.NodePools {
		if !pool.Protected || slices.Contains(r.NodePools, pool.Name) {
			continue
		}
		for _, t := range pool.Taints {
			if key != "" && t.Key == key {
				return append(errs, invalid(path, key, "is the key of a taint of the protected node pool %q, which role %q does not list; remove it",
					pool.Name, r.Name))
			}
		}
	}
	return errs
}

func validateRange(ids *IDRange, path *field.Path) field.ErrorList {
	if ids == nil {
		return nil
	}
	errs := append(validateID(&ids.Min, path.Child("min")), validateID(&ids.Max, path.Child("max"))...)
	if len(errs) == 0 && ids.Min > ids.Max {
		errs = append(errs, invalid(path.Child("min"), ids.Min, "is above max, which is %d; no id is accepted", ids.Max))
	}
	return errs
}

// validateRootOverride refuses to let pods ask for root that would then be refused, or would not start.
func (s *Spec) validateRootOverride(r *Role, settings []setting, spec *field.Path) field.ErrorList {
	i := s.entry(r.Name)
	if i < 0 || r.Overrides == nil || r.Overrides.RunAsUser == nil || r.Overrides.RunAsUser.Min != 0 {
		return nil
	}
	path := spec.Child("roles").Index(i).Child("overrides", "runAsUser", "min")
	if r.PodSecurity == Restricted {
		return field.ErrorList{invalid(path, 0, `is root, which podSecurity "restricted" refuses to %s; set it to 1 or more`, s.whose(r, i))}
	}
	for _, set := range settings {
		if set.name == "podSecurityContext.runAsNonRoot" && set.is(true) || set.name == "containerSecurityContext.runAsNonRoot" && set.is(true) {
			return field.ErrorList{invalid(path, 0, "is root, which %s forbids; set it to 1 or more", set.path)}
		}
	}
	return nil
}
