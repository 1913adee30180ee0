package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validatePools checks that every pool is a set of nodes of its own: one name, one label, taints as a node has them.
func (s *Spec) validatePools(path *field.Path) field.ErrorList {
	if len(s.NodePools) == 0 {
		return field.ErrorList{missing(path, "lists no node pool; describe at least the nodes that keep Polyaxon alive, as protected")}
	}
	var errs field.ErrorList
	names, labels := places{}, places{}
	for i, pool := range s.NodePools {
		at := path.Index(i)
		errs = append(errs, validateName(pool.Name, at.Child("name"))...)
		errs = append(errs, names.claim(pool.Name, at.Child("name"))...)
		errs = append(errs, validateNodeLabel(pool.NodeLabel, at.Child("nodeLabel"))...)
		if l := pool.NodeLabel; l.Key != "" {
			errs = append(errs, labels.claim(l.Key+"="+l.Value, at.Child("nodeLabel"))...)
		}
		errs = append(errs, validateTaints(pool.Taints, at.Child("taints"))...)
		errs = append(errs, validateResources(pool.Resources, at.Child("resources"))...)
	}
	return errs
}

func validateNodeLabel(l NodeLabel, path *field.Path) field.ErrorList {
	errs := validateLabelKey(l.Key, path.Child("key"))
	if len(validation.IsValidLabelValue(l.Value)) > 0 {
		errs = append(errs, invalid(path.Child("value"), l.Value, notLabelValue))
	}
	return errs
}

// validateTaints accepts what the API server accepts on a node: no two taints with one key and effect.
func validateTaints(taints []corev1.Taint, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := places{}
	for i, t := range taints {
		at := path.Index(i)
		errs = append(errs, validateLabelKey(t.Key, at.Child("key"))...)
		if len(validation.IsValidLabelValue(t.Value)) > 0 {
			errs = append(errs, invalid(at.Child("value"), t.Value, notLabelValue))
		}
		errs = append(errs, validateEffect(t.Effect, at.Child("effect"))...)
		if t.TimeAdded != nil {
			errs = append(errs, forbidden(at.Child("timeAdded"), "is set by Kubernetes on nodes; remove it"))
		}
		if t.Key != "" && t.Effect != "" {
			errs = append(errs, seen.claim(t.Key+":"+string(t.Effect), at)...)
		}
	}
	return errs
}

func validateEffect(effect corev1.TaintEffect, path *field.Path) field.ErrorList {
	accepted := []corev1.TaintEffect{corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute}
	if effect == "" {
		return field.ErrorList{missing(path, "is missing; write one of %s", Quoted(accepted))}
	}
	return oneOf(effect, path, accepted...)
}
