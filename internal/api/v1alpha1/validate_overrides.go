package v1alpha1

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateOverrides keeps what may be asked for inside what an administrator could give the role. A nil role stands for
// all: the bounds are those of spec.defaults.
func (s *Spec) validateOverrides(r *Role, o *Overrides, path *field.Path) field.ErrorList {
	switch {
	case o == nil:
		return nil
	case r != nil && (r.Name == RoleCore || r.Name == RoleOther):
		return field.ErrorList{forbidden(path, "are for the runs of users; role %q takes none, remove them", r.Name)}
	}
	return slices.Concat(
		anyOrEach(o.NodePools, path.Child("nodePools"), func(name string, at *field.Path) field.ErrorList { return s.validatePoolOverride(r, name, at) }),
		anyOrEach(o.Roles, path.Child("roles"), func(name string, at *field.Path) field.ErrorList { return s.validateRoleOverride(r, name, at) }),
		each(o.NodeSelectorKeys, path.Child("nodeSelectorKeys"), s.validateSelectorKey),
		each(o.TolerationKeys, path.Child("tolerationKeys"), func(key string, at *field.Path) field.ErrorList { return s.validateTolerationKey(r, key, at) }),
		validateRange(o.RunAsUser, path.Child("runAsUser")),
		validateRange(o.RunAsGroup, path.Child("runAsGroup")),
		validateRange(o.FSGroup, path.Child("fsGroup")),
	)
}

// anyOrEach is each for a list that may be Any, and nothing beside it.
func anyOrEach(list []string, path *field.Path, validate func(string, *field.Path) field.ErrorList) field.ErrorList {
	at := slices.Index(list, Any)
	switch {
	case at < 0:
		return each(list, path, validate)
	case len(list) > 1:
		return field.ErrorList{invalid(path.Index(at), Any, "stands for all of them; remove the others, or this")}
	}
	return nil
}

// lacking says in messages that the role does not list something protected, and what to do. A nil role stands for all.
func lacking(r *Role) (who, fix string) {
	if r == nil {
		return "not all roles list", "write it into the overrides of those that do"
	}
	return fmt.Sprintf("role %q does not list", r.Name), "remove it"
}

// has says whether the role lists a pool. The nil role, which stands for all, lists none.
func (r *Role) has(pool string) bool { return r != nil && slices.Contains(r.NodePools, pool) }

func (s *Spec) validatePoolOverride(r *Role, name string, path *field.Path) field.ErrorList {
	who, fix := lacking(r)
	switch pool := s.pool(name); {
	case pool == nil:
		return field.ErrorList{invalid(path, name, "is not one of spec.nodePools; %s", didYouMean(name, s.poolNames()))}
	case pool.Protected && !r.has(name):
		return field.ErrorList{invalid(path, name, "is protected, and %s it in nodePools; %s", who, fix)}
	}
	return nil
}

func (s *Spec) validateRoleOverride(r *Role, name string, path *field.Path) field.ErrorList {
	who, fix := lacking(r)
	if r == nil {
		r = &Role{}
	}
	accepted := s.overrideRoles(r)
	switch foreign := s.foreignPool(r, name); {
	case name == RoleCore || name == RoleOther:
		return field.ErrorList{invalid(path, name, "is never given to a run; remove it")}
	case name == r.Name:
		return field.ErrorList{invalid(path, name, "is the role itself; remove it")}
	case !slices.Contains(accepted, name):
		return field.ErrorList{invalid(path, name, "is not a role of this policy; %s", didYouMean(name, accepted))}
	case foreign != "":
		return field.ErrorList{invalid(path, name, "may use the protected node pool %q, which %s; %s", foreign, who, fix)}
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
	who, fix := lacking(r)
	for _, pool := range s.NodePools {
		if !pool.Protected || r.has(pool.Name) {
			continue
		}
		for _, t := range pool.Taints {
			if key != "" && t.Key == key {
				return append(errs, invalid(path, key, "is the key of a taint of the protected node pool %q, which %s; %s", pool.Name, who, fix))
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
	if r.Overrides == nil || r.Overrides.RunAsUser == nil || r.Overrides.RunAsUser.Min != 0 {
		return nil
	}
	path, whose := s.boundsOf(r, spec)
	path = path.Child("runAsUser", "min")
	if r.PodSecurity == Restricted {
		return field.ErrorList{invalid(path, 0, `is root, which podSecurity "restricted" refuses to %s; set it to 1 or more`, whose)}
	}
	for _, set := range settings {
		if set.name == "podSecurityContext.runAsNonRoot" && set.is(true) || set.name == "containerSecurityContext.runAsNonRoot" && set.is(true) {
			return field.ErrorList{invalid(path, 0, "is root, which %s forbids; set it to 1 or more", set.path)}
		}
	}
	return nil
}

// boundsOf is where the policy sets the bounds of a role, and which roles they are for.
func (s *Spec) boundsOf(r *Role, spec *field.Path) (at *field.Path, whose string) {
	i := s.entry(r.Name)
	if i < 0 || s.Roles[i].Overrides == nil {
		return spec.Child("defaults", "overrides"), "roles that inherit it"
	}
	return spec.Child("roles").Index(i).Child("overrides"), s.whose(r, i)
}
