package policy

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Required pod anti-affinity works in both directions: while the pod runs, the scheduler puts no pod that a term selects
// into the same topology domain, whoever owns it. A run that wants no neighbour in its zone keeps Polyaxon itself out of
// the zone, and after a restart Polyaxon stays pending.
//
// Refused are terms of spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution with a topologyKey
// other than kubernetes.io/hostname, and terms that reach into another namespace, by namespaces or namespaceSelector.
// Terms that the role itself adds pass, and so do roles that may use a protected pool: they are whom it is about.
func podAffinity(v View) []Violation {
	if slices.ContainsFunc(v.protected, v.role.mayUse) {
		return nil
	}
	var found []Violation
	own := antiAffinity(v.role.affinity)
	for i, term := range antiAffinity(v.Pod.Spec.Affinity) {
		if !slices.ContainsFunc(own, func(o corev1.PodAffinityTerm) bool { return equality.Semantic.DeepEqual(o, term) }) {
			found = append(found, v.repelling(pathAntiAffinity.Index(i), term)...)
		}
	}
	return found
}

// repelling are the violations of one term.
func (v View) repelling(path *field.Path, term corev1.PodAffinityTerm) []Violation {
	var found []Violation
	if key := term.TopologyKey; key != corev1.LabelHostname {
		found = append(found, Violation{
			Field:  path.Child("topologyKey"),
			Detail: fmt.Sprintf("is %q, which could keep core pods off all nodes of one %s", short(key), short(key)),
			Fix:    fmt.Sprintf("use %q, or move the term to %s", corev1.LabelHostname, preferred),
		})
	}
	const fix = "remove it and repel pods of the same namespace only"
	for i, namespace := range term.Namespaces {
		if namespace != v.Namespace {
			found = append(found, Violation{
				Field:  path.Child("namespaces").Index(i),
				Detail: fmt.Sprintf("is %q, and could keep core pods there from being scheduled", short(namespace)),
				Fix:    fix,
			})
		}
	}
	if term.NamespaceSelector != nil {
		found = append(found, Violation{
			Field:  path.Child("namespaceSelector"),
			Detail: "reaches into other namespaces, and could keep core pods there from being scheduled",
			Fix:    fix,
		})
	}
	return found
}

// antiAffinity are the required terms of pod anti-affinity.
func antiAffinity(a *corev1.Affinity) []corev1.PodAffinityTerm {
	if a == nil || a.PodAntiAffinity == nil {
		return nil
	}
	return a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution
}
