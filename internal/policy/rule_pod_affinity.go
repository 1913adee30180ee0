package policy

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// Required pod anti-affinity works in both directions: while the pod runs, the scheduler puts no pod that a term selects
// into the same topology domain, whoever owns it. A run that wants no neighbour in its zone keeps Polyaxon itself out of
// the zone, and after a restart Polyaxon stays pending.
//
// Refused are terms of spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution with a topologyKey
// other than kubernetes.io/hostname, and terms that reach into another namespace, by namespaces or namespaceSelector.
// Terms that the role itself adds pass, and so do roles that may use a protected pool: the rule is about them.
func podAffinity(v View) []Violation {
	if slices.ContainsFunc(v.protected, v.role.mayUse) {
		return nil
	}
	var found findings
	own := antiAffinity(v.role.affinity)
	for i, term := range antiAffinity(v.Pod.Spec.Affinity) {
		if !slices.ContainsFunc(own, func(o corev1.PodAffinityTerm) bool { return equality.Semantic.DeepEqual(o, term) }) {
			v.repelling(&found, i, term)
		}
	}
	return found
}

// repelling adds the violations of one term: of its topologyKey, its namespaces and its namespaceSelector, each once.
func (v View) repelling(found *findings, i int, term corev1.PodAffinityTerm) {
	if key := term.TopologyKey; key != corev1.LabelHostname {
		found.add(func() Violation {
			return Violation{
				Field:  pathAntiAffinity.Index(i).Child("topologyKey"),
				Detail: fmt.Sprintf("is %q, which could keep core pods off all nodes of one %s", short(key), short(key)),
				Fix:    fmt.Sprintf("use %q, or move the term to %s", corev1.LabelHostname, preferred),
			}
		})
	}
	const fix = "remove it and repel pods of the same namespace only"
	isOther := func(namespace string) bool { return namespace != v.Namespace }
	if at := slices.IndexFunc(term.Namespaces, isOther); at >= 0 {
		found.add(func() Violation {
			return Violation{
				Field:  pathAntiAffinity.Index(i).Child("namespaces").Index(at),
				Detail: namespacesOf(term.Namespaces[at:], v.Namespace), Fix: fix,
				Key: strings.Join(term.Namespaces, ","),
			}
		})
	}
	if term.NamespaceSelector != nil {
		found.add(func() Violation {
			return Violation{
				Field:  pathAntiAffinity.Index(i).Child("namespaceSelector"),
				Detail: "reaches into other namespaces, and could keep core pods there from being scheduled",
				Fix:    fix,
			}
		})
	}
}

// namespacesOf says of the first of the namespaces, and of how many more, that they are not the pod's own.
func namespacesOf(list []string, own string) string {
	more := -1
	for _, namespace := range list {
		if namespace != own {
			more++
		}
	}
	text := fmt.Sprintf("is %q", short(list[0]))
	if more > 0 {
		text += fmt.Sprintf(", one of %d namespaces that are not the pod's own", more+1)
	}
	return text + ", and could keep core pods there from being scheduled"
}

// antiAffinity are the required terms of pod anti-affinity.
func antiAffinity(a *corev1.Affinity) []corev1.PodAffinityTerm {
	if a == nil || a.PodAntiAffinity == nil {
		return nil
	}
	return a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution
}
