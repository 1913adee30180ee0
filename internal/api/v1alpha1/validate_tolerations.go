package v1alpha1

import (
	"slices"
	"strconv"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateTolerations accepts what the API server accepts in a pod, and nothing that opens a protected pool to a role
// which does not list it.
func (s *Spec) validateTolerations(r *Role, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range r.Tolerations {
		t, at := &r.Tolerations[i], path.Index(i)
		errs = append(errs, ValidateToleration(t, at)...)
		for _, pool := range s.NodePools {
			if pool.Protected && !slices.Contains(r.NodePools, pool.Name) && s.opens(r, t, &pool) {
				errs = append(errs, forbidden(at, "tolerates the taints of the protected node pool %q, which role %q does not list; "+
					"drop the toleration or add the pool to nodePools", pool.Name, r.Name))
			}
		}
	}
	return errs
}

// opens holds when the role's tolerations together leave no taint between it and the pool, and t is one that counts.
func (s *Spec) opens(r *Role, t *corev1.Toleration, pool *NodePool) bool {
	counts := false
	for i := range pool.Taints {
		taint := &pool.Taints[i]
		if taint.Effect == corev1.TaintEffectPreferNoSchedule {
			continue
		}
		if !s.tolerated(r, taint) {
			return false
		}
		counts = counts || tolerates(t, taint)
	}
	return counts
}

// tolerated holds when the role tolerates the taint by itself, or for one of its own pools.
func (s *Spec) tolerated(r *Role, taint *corev1.Taint) bool {
	for i := range r.Tolerations {
		if tolerates(&r.Tolerations[i], taint) {
			return true
		}
	}
	for _, name := range r.NodePools {
		pool := s.pool(name)
		if pool != nil && slices.ContainsFunc(pool.Taints, func(t corev1.Taint) bool { return t.ToString() == taint.ToString() }) {
			return true
		}
	}
	return false
}

// tolerates is the scheduler's answer, without its log.
func tolerates(t *corev1.Toleration, taint *corev1.Taint) bool {
	return t.ToleratesTaint(logr.Discard(), taint, true)
}

// ValidateToleration accepts what the API server accepts in a pod.
func ValidateToleration(t *corev1.Toleration, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch {
	case t.Key != "":
		errs = append(errs, validateLabelKey(t.Key, path.Child("key"))...)
	case t.Operator != corev1.TolerationOpExists:
		errs = append(errs, missing(path.Child("key"), `is empty; write the taint's key, or operator "Exists" for every taint`))
	}
	errs = append(errs, validateOperator(t, path)...)
	if t.Effect != "" {
		errs = append(errs, validateEffect(t.Effect, path.Child("effect"))...)
	}
	if t.TolerationSeconds != nil && t.Effect != corev1.TaintEffectNoExecute {
		errs = append(errs, forbidden(path.Child("tolerationSeconds"), `goes only with effect "NoExecute"; set it or remove tolerationSeconds`))
	}
	return errs
}

func validateOperator(t *corev1.Toleration, path *field.Path) field.ErrorList {
	value := path.Child("value")
	switch t.Operator {
	case "", corev1.TolerationOpEqual:
		if len(validation.IsValidLabelValue(t.Value)) > 0 {
			return field.ErrorList{invalid(value, t.Value, notLabelValue)}
		}
	case corev1.TolerationOpExists:
		if t.Value != "" {
			return field.ErrorList{invalid(value, t.Value, `is not looked at with operator "Exists"; remove it or write operator "Equal"`)}
		}
	case corev1.TolerationOpLt, corev1.TolerationOpGt:
		if _, err := strconv.ParseInt(t.Value, 10, 64); err != nil || len(content.IsDecimalInteger(t.Value)) > 0 {
			return field.ErrorList{invalid(value, t.Value, "is not a whole number, which operator %q compares with", t.Operator)}
		}
	default:
		return oneOf(t.Operator, path.Child("operator"),
			corev1.TolerationOpEqual, corev1.TolerationOpExists, corev1.TolerationOpLt, corev1.TolerationOpGt)
	}
	return nil
}
