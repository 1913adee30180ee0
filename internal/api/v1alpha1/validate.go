package v1alpha1

import (
	"slices"
	"strings"
	"unicode"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// What a name has to look like; the text goes on after the quoted value.
const (
	notDNSLabel      = `is not a DNS label: at most 63 lower-case letters, digits and "-", with a letter or digit at both ends`
	notReleaseName   = `is not a Helm release name: at most 53 lower-case letters, digits, "-" and ".", with a letter or digit at both ends of every part`
	notLabelKey      = `is not a label key: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends; a DNS domain and "/" may come before it`
	notAnnotationKey = `is not the key of an annotation: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends; a DNS domain and "/" may come before it`
	notLabelValue    = `is not a label value: at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends`
)

// validate returns every mistake of a policy that has its defaults, in no particular order.
func (p *PlacementPolicy) validate() field.ErrorList {
	spec := field.NewPath("spec")
	errs := validateName(p.Metadata.Name, field.NewPath("metadata", "name"))
	if !isReleaseName(p.Spec.Release) {
		errs = append(errs, invalid(spec.Child("release"), p.Spec.Release, notReleaseName))
	}
	errs = append(errs, validateNamespaces(p.Spec.Namespaces, spec.Child("namespaces"))...)
	errs = append(errs, validateUsers(p.Spec.Requesters, spec.Child("requesters"))...)
	errs = append(errs, validateUsers(p.Spec.NodeNameUsers, spec.Child("nodeNameUsers"))...)
	errs = append(errs, p.Spec.CoreTrust.validate(spec.Child("coreTrust"))...)
	errs = append(errs, p.Spec.validateCoreFailurePolicy(spec.Child("coreFailurePolicy"))...)
	if name := p.Spec.CorePriorityClassName; name != "" {
		errs = append(errs, validateAllowedName(name, spec.Child("corePriorityClassName"))...)
	}
	errs = append(errs, validateContact(p.Spec.Contact, spec.Child("contact"))...)
	errs = append(errs, validateUsers(p.Spec.BindingUsers, spec.Child("bindingUsers"))...)
	errs = append(errs, validateUsers(p.Spec.DebugUsers, spec.Child("debugUsers"))...)
	errs = append(errs, validateHome(p.Spec.Defaults.Home, spec.Child("defaults", "home"))...)
	errs = append(errs, p.Spec.validateImages(spec.Child("images"))...)
	errs = append(errs, p.Spec.validatePools(spec.Child("nodePools"))...)
	errs = append(errs, p.Spec.validateRoles(spec.Child("roles"))...)
	errs = append(errs, p.Spec.validateOverrides(nil, p.Spec.Defaults.Overrides, spec.Child("defaults", "overrides"))...)
	errs = append(errs, p.Spec.validateRollout(spec)...)
	return append(errs, p.Spec.validateSecurity(spec)...)
}

// validateContact keeps a contact to what one line of an answer has room for.
func validateContact(contact string, path *field.Path) field.ErrorList {
	if len(contact) > 200 || strings.ContainsFunc(contact, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return field.ErrorList{invalid(path, contact, "is no contact: one line of at most 200 characters")}
	}
	return nil
}

func validateNamespaces(namespaces []string, path *field.Path) field.ErrorList {
	if len(namespaces) == 0 {
		return field.ErrorList{missing(path, `lists no namespace; name the one that Polyaxon creates its pods in: ["polyaxon"]`)}
	}
	return each(namespaces, path, validateNamespace)
}

// validateNamespace keeps the cluster's own pods out: they must start while nothing else runs yet.
func validateNamespace(name string, path *field.Path) field.ErrorList {
	if name == metav1.NamespaceSystem {
		return field.ErrorList{invalid(path, name, "is never governed: the cluster must start without polymoat; remove it")}
	}
	return validateName(name, path)
}

func (s *Spec) validateCoreFailurePolicy(path *field.Path) field.ErrorList {
	if s.CoreFailurePolicy == Ignore && s.replacesCore() {
		return field.ErrorList{invalid(path, string(Ignore), `trusts the labels of Polyaxon's charts, and role "core" replaces them; write "Fail", or have its match extend them`)}
	}
	return oneOf(s.CoreFailurePolicy, path, Ignore, Fail)
}

// validateUsers accepts any name that the API server may report for a user, but no blanks: they come from typing.
func validateUsers(users []string, path *field.Path) field.ErrorList {
	return each(users, path, func(user string, at *field.Path) field.ErrorList {
		switch {
		case user == "":
			return field.ErrorList{missing(at, `is empty; write a user's name: "system:serviceaccount:NAMESPACE:NAME"`)}
		case strings.ContainsFunc(user, unicode.IsSpace):
			return field.ErrorList{invalid(at, user, "has a blank in it; list one user per entry")}
		}
		return nil
	})
}

// each validates the items of a list. An item without a mistake must not be there twice.
func each(list []string, path *field.Path, validate func(string, *field.Path) field.ErrorList) field.ErrorList {
	var errs field.ErrorList
	seen := places{}
	for i, item := range list {
		mistakes := validate(item, path.Index(i))
		if len(mistakes) == 0 {
			mistakes = seen.claim(item, path.Index(i))
		}
		errs = append(errs, mistakes...)
	}
	return errs
}

func validateName(name string, path *field.Path) field.ErrorList {
	switch {
	case name == "":
		return field.ErrorList{missing(path, `is empty; write a name of lower-case letters, digits and "-"`)}
	case len(validation.IsDNS1123Label(name)) > 0:
		return field.ErrorList{invalid(path, name, notDNSLabel)}
	}
	return nil
}

// isReleaseName holds for what Helm takes as a release's name.
func isReleaseName(name string) bool {
	return len(name) <= 53 && len(validation.IsDNS1123Subdomain(name)) == 0
}

// ValidateLabels checks the keys and values of labels, or of a node selector.
func ValidateLabels(labels map[string]string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for key, value := range labels {
		errs = append(errs, validateLabelKey(key, path.Key(key))...)
		if len(validation.IsValidLabelValue(value)) > 0 {
			errs = append(errs, invalid(path.Key(key), value, notLabelValue))
		}
	}
	return errs
}

func validateLabelKey(key string, path *field.Path) field.ErrorList {
	switch {
	case key == "":
		return field.ErrorList{missing(path, "is empty; write a label key")}
	case len(validation.IsQualifiedName(key)) > 0:
		return field.ErrorList{invalid(path, key, notLabelKey)}
	}
	return nil
}

// oneOf checks a value of an enumeration.
func oneOf[T ~string](value T, path *field.Path, accepted ...T) field.ErrorList {
	if slices.Contains(accepted, value) {
		return nil
	}
	words := make([]string, len(accepted))
	for i, a := range accepted {
		words[i] = string(a)
	}
	e := invalid(path, string(value), "is not one of %s", Quoted(accepted))
	if near := Nearest(string(value), words); near != "" {
		e.Detail += "; did you mean \"" + near + "\"?"
	}
	return field.ErrorList{e}
}

// places remember where a value that must be unique was first seen.
type places map[string]*field.Path

// claim reports a value that is there already. An empty one is another mistake.
func (p places) claim(value string, path *field.Path) field.ErrorList {
	first, taken := p[value]
	if !taken || value == "" {
		p[value] = path
		return nil
	}
	return field.ErrorList{invalid(path, value, "is at %s already; keep one", first)}
}
