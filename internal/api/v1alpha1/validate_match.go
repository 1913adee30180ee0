package v1alpha1

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func validateMatch(role string, m *Match, path *field.Path) field.ErrorList {
	if m == nil {
		return nil
	}
	errs := oneOf(m.Mode, path.Child("mode"), Extend, ReplaceSignal)
	if len(m.Any) == 0 {
		errs = append(errs, missing(path.Child("any"), "lists no signal; add one or remove match"))
	}
	for i, s := range m.Any {
		errs = append(errs, validateSignal(role, s, path.Child("any").Index(i))...)
	}
	return errs
}

// validateSignal refuses the empty signal: it would hold for every pod.
func validateSignal(role string, s Signal, path *field.Path) field.ErrorList {
	if len(s.Labels)+len(s.Annotations) == 0 && s.Role+s.Image+s.Command+s.Arg+s.InitContainer == "" {
		return field.ErrorList{missing(path, "sets no field; set at least one of labels, annotations, role, image, command, arg and initContainer")}
	}
	errs := ValidateLabels(s.Labels, path.Child("labels"))
	errs = append(errs, validateAnnotations(s.Annotations, path.Child("annotations"))...)
	if role == RoleCore && len(s.Annotations) > 0 {
		errs = append(errs, forbidden(path.Child("annotations"), "tell no pod of role %q: it is claimed by labels; remove them", role))
	}
	if s.Role != "" && !slices.Contains(KnownRoles, s.Role) {
		errs = append(errs, invalid(path.Child("role"), s.Role, "is not a known role; %s", didYouMean(s.Role, KnownRoles)))
	}
	return errs
}

// validateAnnotations checks keys as the API server does, which takes capital letters for small ones. Values are free.
func validateAnnotations(annotations map[string]string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for key := range annotations {
		if len(validation.IsQualifiedName(strings.ToLower(key))) > 0 {
			errs = append(errs, invalid(path.Key(key), key, notAnnotationKey))
		}
	}
	return errs
}
