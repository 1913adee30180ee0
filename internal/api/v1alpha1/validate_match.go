package v1alpha1

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

func validateMatch(m *Match, path *field.Path) field.ErrorList {
	if m == nil {
		return nil
	}
	errs := oneOf(m.Mode, path.Child("mode"), Extend, ReplaceSignal)
	if len(m.Any) == 0 {
		errs = append(errs, missing(path.Child("any"), "lists no signal; add one or remove match"))
	}
	for i, s := range m.Any {
		errs = append(errs, validateSignal(s, path.Child("any").Index(i))...)
	}
	return errs
}

// validateSignal refuses the empty signal: it would hold for every pod.
func validateSignal(s Signal, path *field.Path) field.ErrorList {
	if len(s.Labels) == 0 && s.Role+s.Image+s.Command+s.Arg+s.InitContainer == "" {
		return field.ErrorList{missing(path, "sets no field; set at least one of labels, role, image, command, arg and initContainer")}
	}
	errs := ValidateLabels(s.Labels, path.Child("labels"))
	if s.Role != "" && !slices.Contains(KnownRoles, s.Role) {
		errs = append(errs, invalid(path.Child("role"), s.Role, "is not a known role; %s", didYouMean(s.Role, KnownRoles)))
	}
	return errs
}
