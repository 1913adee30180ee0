package v1alpha1

import (
	"slices"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// CoreTrust names those that a policy trusts with core. Labels only claim it: anybody can write them.
type CoreTrust struct {
	// Users as the API server names them: "jane@example.com".
	Users []string `json:"users,omitempty"`
	// Groups as the API server names them. Default: "system:masters"; an empty list names none.
	Groups []string `json:"groups,omitzero"`
	// ServiceAccounts as "namespace/name", or "name" for that of the namespace in which it asks. Whoever may create
	// pods beside a service account can act in its name: one of a governed namespace is as trusted as its tenants.
	ServiceAccounts []string `json:"serviceAccounts,omitempty"`
}

// What the names of groups and service accounts have to look like.
const (
	emptyGroup        = `is empty; write a group's name: "system:masters"`
	emptyAccount      = `is empty; write a service account: "NAMESPACE/NAME"`
	notServiceAccount = `is not a service account; write "NAMESPACE/NAME", or "NAME" for that of the governed namespace`
)

func (t CoreTrust) validate(path *field.Path) field.ErrorList {
	errs := validateUsers(t.Users, path.Child("users"))
	errs = append(errs, validateGroups(t.Groups, path.Child("groups"))...)
	return append(errs, validateAccounts(t.ServiceAccounts, path.Child("serviceAccounts"))...)
}

// everybody are the groups that every user, or every one who did not log in, is in.
var everybody = []string{"system:authenticated", "system:unauthenticated", "system:serviceaccounts"}

// validateGroups accepts any name but blanks, which come from typing, and the groups that leave nobody out.
func validateGroups(groups []string, path *field.Path) field.ErrorList {
	return each(groups, path, func(group string, at *field.Path) field.ErrorList {
		switch {
		case group == "":
			return field.ErrorList{missing(at, emptyGroup)}
		case strings.TrimFunc(group, unicode.IsSpace) != group:
			return field.ErrorList{invalid(at, group, "begins or ends with a blank; remove it")}
		case slices.Contains(everybody, group):
			return field.ErrorList{invalid(at, group, "holds everybody, and core must be kept from them; name a smaller group")}
		}
		return nil
	})
}

func validateAccounts(accounts []string, path *field.Path) field.ErrorList {
	return each(accounts, path, func(account string, at *field.Path) field.ErrorList {
		switch {
		case account == "":
			return field.ErrorList{missing(at, emptyAccount)}
		case !isAccount(account):
			return field.ErrorList{invalid(at, account, notServiceAccount)}
		}
		return nil
	})
}

// isAccount holds for "namespace/name" and "name".
func isAccount(account string) bool {
	namespace, name, found := strings.Cut(account, "/")
	if !found {
		return len(validation.IsDNS1123Subdomain(account)) == 0
	}
	return len(validation.IsDNS1123Label(namespace)) == 0 && len(validation.IsDNS1123Subdomain(name)) == 0
}
