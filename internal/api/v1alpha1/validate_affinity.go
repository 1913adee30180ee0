package v1alpha1

import (
	"errors"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

const (
	required  = "requiredDuringSchedulingIgnoredDuringExecution"
	preferred = "preferredDuringSchedulingIgnoredDuringExecution"
)

// validateAffinity checks what the API server would refuse in every pod of the role.
func validateAffinity(a *corev1.Affinity, path *field.Path) field.ErrorList {
	if a == nil {
		return nil
	}
	errs := validateNodeAffinity(a.NodeAffinity, path.Child("nodeAffinity"))
	if p := a.PodAffinity; p != nil {
		errs = append(errs, validatePodTerms(p.RequiredDuringSchedulingIgnoredDuringExecution,
			p.PreferredDuringSchedulingIgnoredDuringExecution, path.Child("podAffinity"))...)
	}
	if p := a.PodAntiAffinity; p != nil {
		errs = append(errs, validatePodTerms(p.RequiredDuringSchedulingIgnoredDuringExecution,
			p.PreferredDuringSchedulingIgnoredDuringExecution, path.Child("podAntiAffinity"))...)
	}
	return errs
}

func validateNodeAffinity(a *corev1.NodeAffinity, path *field.Path) field.ErrorList {
	if a == nil {
		return nil
	}
	var errs field.ErrorList
	if r := a.RequiredDuringSchedulingIgnoredDuringExecution; r != nil {
		at := path.Child(required, "nodeSelectorTerms")
		if len(r.NodeSelectorTerms) == 0 {
			errs = append(errs, missing(at, "lists no term, so no node would do; add one or remove %s", required))
		}
		for i := range r.NodeSelectorTerms {
			errs = append(errs, validateNodeTerm(&r.NodeSelectorTerms[i], at.Index(i))...)
		}
	}
	for i, p := range a.PreferredDuringSchedulingIgnoredDuringExecution {
		at := path.Child(preferred).Index(i)
		errs = append(errs, validateWeight(p.Weight, at.Child("weight"))...)
		errs = append(errs, validateNodeTerm(&p.Preference, at.Child("preference"))...)
	}
	return errs
}

// validateNodeTerm asks the scheduler's own parser, and moves what it finds to the term's path.
func validateNodeTerm(term *corev1.NodeSelectorTerm, path *field.Path) field.ErrorList {
	if len(term.MatchExpressions)+len(term.MatchFields) == 0 {
		return field.ErrorList{missing(path, "is empty, so no node would do; add matchExpressions or remove the term")}
	}
	var errs field.ErrorList
	for i, f := range term.MatchFields {
		if f.Key != metav1.ObjectNameField {
			errs = append(errs, invalid(path.Child("matchFields").Index(i).Child("key"), f.Key, "is not a field of nodes; write %q", metav1.ObjectNameField))
		}
	}
	_, err := nodeaffinity.NewNodeSelector(&corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{*term}})
	var all utilerrors.Aggregate
	if !errors.As(err, &all) {
		return errs
	}
	for _, err := range all.Errors() {
		errs = append(errs, foreign(err, "nodeSelectorTerms[0]", path))
	}
	return errs
}

// foreign is a finding of Kubernetes's own validation, put into our words. Its field begins with the prefix.
func foreign(err error, prefix string, path *field.Path) *field.Error {
	var found *field.Error
	if !errors.As(err, &found) {
		return forbidden(path, "is not accepted by Kubernetes: %v", err)
	}
	moved := *found
	moved.Field = path.String() + strings.TrimPrefix(found.Field, prefix)
	detail, _, _ := strings.Cut(found.Detail, " (e.g.") // then examples and a regular expression
	moved.Detail = "is not accepted by Kubernetes: " + detail
	if found.Type == field.ErrorTypeRequired || found.Type == field.ErrorTypeForbidden {
		moved.BadValue = field.OmitValueType{}
	}
	return &moved
}

func validatePodTerms(must []corev1.PodAffinityTerm, should []corev1.WeightedPodAffinityTerm, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range must {
		errs = append(errs, validatePodTerm(&must[i], path.Child(required).Index(i))...)
	}
	for i := range should {
		at := path.Child(preferred).Index(i)
		errs = append(errs, validateWeight(should[i].Weight, at.Child("weight"))...)
		errs = append(errs, validatePodTerm(&should[i].PodAffinityTerm, at.Child("podAffinityTerm"))...)
	}
	return errs
}

func validatePodTerm(term *corev1.PodAffinityTerm, path *field.Path) field.ErrorList {
	errs := validateLabelKey(term.TopologyKey, path.Child("topologyKey"))
	opts := metav1validation.LabelSelectorValidationOptions{}
	for name, selector := range map[string]*metav1.LabelSelector{
		"labelSelector": term.LabelSelector, "namespaceSelector": term.NamespaceSelector,
	} {
		for _, err := range metav1validation.ValidateLabelSelector(selector, opts, field.NewPath(name)) {
			errs = append(errs, foreign(err, name, path.Child(name)))
		}
	}
	return errs
}

func validateWeight(weight int32, path *field.Path) field.ErrorList {
	if weight < 1 || weight > 100 {
		return field.ErrorList{invalid(path, weight, "is not a weight from 1 to 100")}
	}
	return nil
}
