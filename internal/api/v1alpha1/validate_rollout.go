package v1alpha1

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// What an exception has to say; the text goes on after the quoted value, where there is one.
const (
	noOwner   = `is empty; write who answers for the exception: "jane@example.com"`
	noReason  = `is empty; write why the exception is there, for those who find it in a year`
	noExpires = `is empty; write the last day on which the exception holds: "2027-01-31"`
	notADate  = `is not a date; write the last day on which the exception holds: "2027-01-31"`
)

// validateRollout checks what makes rules and mutation do less than they could.
func (s *Spec) validateRollout(spec *field.Path) field.ErrorList {
	errs := oneOf(s.EarlyAnswers, spec.Child("earlyAnswers"), Modes...)
	for i, m := range s.Modes {
		at := spec.Child("modes").Index(i)
		errs = append(errs, oneOf(m.Mode, at.Child("mode"), Modes...)...)
		errs = append(errs, each(m.Rules, at.Child("rules"), validateRule)...)
		errs = append(errs, s.validateScope(m.Scope, at)...)
	}
	for i, scope := range s.Shadow {
		errs = append(errs, s.validateScope(scope, spec.Child("shadow").Index(i))...)
	}
	seen := places{}
	for i, e := range s.Exceptions {
		at := spec.Child("exceptions").Index(i)
		errs = append(errs, s.validateException(e, at)...)
		errs = append(errs, seen.claim(e.Name, at.Child("name"))...)
	}
	return errs
}

func (s *Spec) validateException(e Exception, path *field.Path) field.ErrorList {
	errs := validateName(e.Name, path.Child("name"))
	for _, list := range []struct {
		name  string
		items []string
	}{{"namespaces", e.Namespaces}, {"roles", e.Roles}, {"rules", e.Rules}} {
		if len(list.items) == 0 {
			errs = append(errs, missing(path.Child(list.name), "is empty; name the %s that the exception is for", list.name))
		}
	}
	errs = append(errs, each(e.Rules, path.Child("rules"), validateExcepted)...)
	errs = append(errs, s.validateScope(Scope{Namespaces: e.Namespaces, Roles: e.Roles}, path)...)
	if strings.TrimSpace(e.Owner) == "" {
		errs = append(errs, missing(path.Child("owner"), noOwner))
	}
	if strings.TrimSpace(e.Reason) == "" {
		errs = append(errs, missing(path.Child("reason"), noReason))
	}
	return append(errs, validateDate(e.Expires, path.Child("expires"))...)
}

func validateDate(date string, path *field.Path) field.ErrorList {
	if date == "" {
		return field.ErrorList{missing(path, noExpires)}
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return field.ErrorList{invalid(path, date, notADate)}
	}
	return nil
}

// validateScope holds that a scope names namespaces and roles of this policy.
func (s *Spec) validateScope(scope Scope, path *field.Path) field.ErrorList {
	var roles []string
	for _, r := range s.Effective() {
		roles = append(roles, r.Name)
	}
	return slices.Concat(
		each(scope.Namespaces, path.Child("namespaces"), func(name string, at *field.Path) field.ErrorList {
			if slices.Contains(s.Namespaces, name) {
				return nil
			}
			return field.ErrorList{invalid(at, name, "is not one of spec.namespaces; %s", didYouMean(name, s.Namespaces))}
		}),
		each(scope.Roles, path.Child("roles"), func(name string, at *field.Path) field.ErrorList {
			if slices.Contains(roles, name) {
				return nil
			}
			return field.ErrorList{invalid(at, name, "is not a role of this policy; %s", didYouMean(name, roles))}
		}),
	)
}

func validateRule(id string, path *field.Path) field.ErrorList {
	if slices.Contains(RuleIDs, id) {
		return nil
	}
	return field.ErrorList{invalid(path, id, "is not a rule; %s", didYouMean(id, RuleIDs))}
}

// validateExcepted leaves out the rules that ask who acts: an exception would let everybody.
func validateExcepted(id string, path *field.Path) field.ErrorList {
	if users, ok := trustRules[id]; ok {
		return field.ErrorList{invalid(path, id, "has no exceptions, which would be for everybody; name the users in spec.%s", users)}
	}
	return validateRule(id, path)
}
