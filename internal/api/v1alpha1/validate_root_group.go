package v1alpha1

import (
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

const ruleRootGroup = "run-as-root-group"

// rootGroups are settings with which rule run-as-root-group would refuse every pod of a role, and group 0 in the bounds of
// its overrides.
func (s *Spec) rootGroups(r *Role, settings []setting, spec *field.Path) field.ErrorList {
	if r.PodSecurity != Restricted || !s.enforces(r.Name, ruleRootGroup) {
		return nil
	}
	var errs field.ErrorList
	for _, set := range settings {
		if set.isRootGroup() {
			errs = append(errs, invalid(set.path, set.value.Interface(),
				"is refused to %s by rule %s; set gids above 0, or a mode for that rule in spec.modes", set.whose, ruleRootGroup))
		}
	}
	if r.Overrides == nil {
		return errs
	}
	at, whose := s.boundsOf(r, spec)
	for name, ids := range map[string]*IDRange{"runAsGroup": r.Overrides.RunAsGroup, "fsGroup": r.Overrides.FSGroup} {
		if ids != nil && ids.Min == 0 {
			errs = append(errs, invalid(at.Child(name, "min"), 0,
				"is the root group, which rule %s refuses to %s; set it to 1 or more", ruleRootGroup, whose))
		}
	}
	return errs
}

// isRootGroup says whether the setting puts a container into group 0.
func (set setting) isRootGroup() bool {
	switch name := set.name[strings.Index(set.name, ".")+1:]; name {
	case "runAsGroup", "fsGroup":
		gid, ok := set.number()
		return ok && gid == 0
	case "supplementalGroups":
		gids, ok := reflect.TypeAssert[[]int64](set.value)
		return ok && slices.Contains(gids, 0)
	}
	return false
}

// enforces says whether the rule refuses pods of the role in any of the namespaces.
func (s *Spec) enforces(role, rule string) bool {
	return slices.ContainsFunc(s.Namespaces, func(namespace string) bool {
		return ModeOf(s.Modes, namespace, role, rule) == Enforce
	})
}
