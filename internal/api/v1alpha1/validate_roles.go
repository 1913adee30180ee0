package v1alpha1

import (
	"path"
	"slices"

	"github.com/distribution/reference"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func (s *Spec) validateRoles(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := places{}
	for i := range s.Roles {
		r, at := &s.Roles[i], path.Index(i)
		errs = append(errs, validateRoleName(r, at.Child("name"))...)
		errs = append(errs, names.claim(r.Name, at.Child("name"))...)
		errs = append(errs, s.validateRolePools(r, at.Child("nodePools"))...)
		errs = append(errs, s.validateNodeSelector(r, at.Child("nodeSelector"))...)
		errs = append(errs, s.validateTolerations(r, at.Child("tolerations"))...)
		affinity := validateAffinity(r.Affinity, at.Child("affinity"))
		if len(affinity) == 0 {
			affinity = s.validateReach(r, at.Child("affinity"))
		}
		errs = append(errs, affinity...)
		errs = append(errs, oneOf(r.PodSecurity, at.Child("podSecurity"), Privileged, Baseline, Restricted)...)
		errs = append(errs, oneOf(r.Identity, at.Child("identity"), Inject, Keep)...)
		errs = append(errs, oneOf(r.OnConflict, at.Child("onConflict"), Refuse, Replace)...)
		if r.SchedulingGroups != "" {
			errs = append(errs, oneOf(r.SchedulingGroups, at.Child("schedulingGroups"), RefuseGroups, AllowGroups)...)
		}
		errs = append(errs, validateRootImages(r, at.Child("rootImages"))...)
		errs = append(errs, validateHostPaths(r.HostPaths, at.Child("hostPaths"))...)
		errs = append(errs, validateAllowed(r.SchedulerNames, at.Child("schedulerNames"))...)
		errs = append(errs, validateAllowed(r.RuntimeClassNames, at.Child("runtimeClassNames"))...)
		errs = append(errs, validateAllowed(r.PriorityClassNames, at.Child("priorityClassNames"))...)
		errs = append(errs, validateMatch(r.Name, r.Match, at.Child("match"))...)
		errs = append(errs, s.validateOverrides(r, r.Overrides, at.Child("overrides"))...)
	}
	return errs
}

// validateRoleName takes a name that is not known only together with signals: nothing else gives pods that role.
func validateRoleName(r *Role, path *field.Path) field.ErrorList {
	if errs := validateName(r.Name, path); len(errs) > 0 {
		return errs
	}
	if r.Match != nil || slices.Contains(KnownRoles, r.Name) {
		return nil
	}
	return field.ErrorList{invalid(path, r.Name, "is not a known role, and a role of your own needs match; %s", didYouMean(r.Name, KnownRoles))}
}

func (s *Spec) validateRolePools(r *Role, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := places{}
	for i, name := range r.NodePools {
		switch pool := s.pool(name); {
		case pool == nil:
			errs = append(errs, invalid(path.Index(i), name, "is not one of spec.nodePools; %s", didYouMean(name, s.poolNames())))
		case pool.Protected && r.Name == RoleOther:
			errs = append(errs, invalid(path.Index(i), name, `is protected, and role "other" is every pod that nobody vouches for; remove it`))
		}
		errs = append(errs, seen.claim(name, path.Index(i))...)
	}
	return errs
}

// validateNodeSelector leaves the labels of pools to nodePools: a role with both could not be read, nor overridden.
func (s *Spec) validateNodeSelector(r *Role, path *field.Path) field.ErrorList {
	errs := ValidateLabels(r.NodeSelector, path)
	for _, pool := range s.NodePools {
		if _, set := r.NodeSelector[pool.NodeLabel.Key]; set {
			errs = append(errs, forbidden(path.Key(pool.NodeLabel.Key), "is the label of node pools; list the pool in nodePools instead"))
		}
	}
	return errs
}

// pool is the pool of that name; nil where there is none.
func (s *Spec) pool(name string) *NodePool {
	i := slices.IndexFunc(s.NodePools, func(p NodePool) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &s.NodePools[i]
}

func (s *Spec) poolNames() []string {
	var names []string
	for _, p := range s.NodePools {
		if p.Name != "" && !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	return names
}

// validateRootImages wants each repository written out, so that no short name can mean another registry's.
func validateRootImages(r *Role, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if r.PodSecurity == Restricted && len(r.RootImages) > 0 {
		errs = append(errs, forbidden(path, `have no effect where podSecurity is "restricted"; set podSecurity to "baseline" or remove them`))
	}
	return append(errs, each(r.RootImages, path, func(image string, at *field.Path) field.ErrorList {
		named, err := reference.ParseNormalizedNamed(image)
		switch {
		case err != nil:
			return field.ErrorList{invalid(at, image, `is not an image repository; write registry and path: "gcr.io/kaniko-project/executor"`)}
		case named.Name() != image:
			return field.ErrorList{invalid(at, image, "is not a repository with its registry and without tag or digest; did you mean %q?", named.Name())}
		}
		return nil
	})...)
}

// validateAllowed checks a list of names that pods may refer to.
func validateAllowed(names []string, path *field.Path) field.ErrorList {
	return each(names, path, validateAllowedName)
}

func validateAllowedName(name string, at *field.Path) field.ErrorList {
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		return field.ErrorList{invalid(at, name, `is no name: lower-case letters, digits, "-" and "."`)}
	}
	return nil
}

func validateHostPaths(paths []HostPath, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := places{}
	for i, h := range paths {
		at := at.Index(i)
		errs = append(errs, validateHostPath(h.Path, at.Child("path"))...)
		errs = append(errs, seen.claim(h.Path, at.Child("path"))...)
		errs = append(errs, oneOf(h.From, at.Child("from"), FromRequester, FromAnyone)...)
	}
	return errs
}

func validateHostPath(p string, at *field.Path) field.ErrorList {
	switch {
	case p == "":
		return field.ErrorList{missing(at, "is empty; write a path on the node: %q", DockerSocket)}
	case !path.IsAbs(p):
		return field.ErrorList{invalid(at, p, `is not absolute; begin it with "/"`)}
	case path.Clean(p) == "/":
		return field.ErrorList{invalid(at, p, "is the whole node; name what the role needs below it")}
	case path.Clean(p) != p:
		return field.ErrorList{invalid(at, p, "is not written in its shortest form; did you mean %q?", path.Clean(p))}
	}
	return nil
}
