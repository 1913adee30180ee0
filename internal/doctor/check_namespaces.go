package doctor

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// byName is the label by which the shipped webhooks select namespaces: the API server writes it, and nobody else can.
const byName = corev1.LabelMetadataName

// webhookNamespaces finds governed namespaces that the API server does not ask about.
func webhookNamespaces(v View) []Finding {
	var found []Finding
	governed := v.governed()
	for _, h := range v.own() {
		called, ok := selectedByName(h.namespaces)
		if !ok {
			found = append(found, Finding{
				Severity: Error,
				What:     fmt.Sprintf("%s does not select namespaces by their name alone.", upper(h.String())),
				Why:      "Other labels of a namespace can be edited by anyone who may edit it, and with them whether its pods are judged.",
				Fix:      v.reinstall(),
			})
			continue
		}
		missing := less(governed, called)
		if h.name == "core.polymoat.io" {
			missing = nil // only where core fails open
		}
		if len(missing) > 0 {
			found = append(found, Finding{
				Severity: Error,
				What:     fmt.Sprintf("%s is not called for %s, which the policy governs.", upper(h.String()), named(missing)),
				Why:      "What is created there passes unseen.",
				Fix:      v.reinstall(),
			})
		}
		if extra := less(called, governed); len(extra) > 0 {
			found = append(found, Finding{
				Severity: Warning,
				What:     fmt.Sprintf("%s is called for %s, which no policy governs.", upper(h.String()), named(extra)),
				Why:      "Nothing is judged there, and yet what is created there waits for polymoat, or fails with it.",
				Fix:      v.reinstall(),
			})
		}
	}
	return found
}

// selectedByName are the names that a selector takes; false where it selects by anything else.
func selectedByName(s *metav1.LabelSelector) ([]string, bool) {
	if s == nil || len(s.MatchLabels) > 0 || len(s.MatchExpressions) != 1 {
		return nil, false
	}
	e := s.MatchExpressions[0]
	return e.Values, e.Key == byName && e.Operator == metav1.LabelSelectorOpIn
}

// less is what is in a and not in b.
func less(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// namespaces finds governed namespaces that are not there, most often by a mistake in the name.
func namespaces(v View) []Finding {
	var found []Finding
	for _, name := range v.governed() {
		if v.namespace(name) == nil {
			found = append(found, Finding{
				Severity: Warning,
				What:     fmt.Sprintf("The policy governs namespace %q, which is not there.", name),
				Why:      "If another name was meant, the runs there are not judged.",
				Fix:      "kubectl create namespace " + name,
			})
		}
	}
	return found
}

// namespace is the one of that name; nil where there is none.
func (v View) namespace(name string) *corev1.Namespace {
	for _, ns := range v.Namespaces {
		if ns.Name == name {
			return ns
		}
	}
	return nil
}

// namespaceStandards finds namespaces that refuse by themselves what a role may do: builds in a restricted namespace.
func namespaceStandards(v View) []Finding {
	const label = "pod-security.kubernetes.io/enforce"
	var found []Finding
	for _, f := range v.files {
		for _, name := range f.Policy.Spec.Namespaces {
			ns := v.namespace(name)
			if ns == nil || ns.Labels[label] == "" {
				continue
			}
			var looser []string
			for _, role := range f.Policy.Spec.Effective() {
				if slices.Index(standards, role.PodSecurity) < slices.Index(standards, v1alpha1.PodSecurity(ns.Labels[label])) {
					looser = append(looser, role.Name)
				}
			}
			if len(looser) > 0 {
				found = append(found, Finding{
					Severity: Info,
					What:     fmt.Sprintf("Namespace %q enforces the standard %q, and the policy holds %s to less.", name, ns.Labels[label], named(looser)),
					Why:      "What the policy lets those roles do, the API server refuses after it, in words of its own.",
					Fix:      fmt.Sprintf("kubectl label --overwrite namespace %s %s=%s", name, label, v1alpha1.Privileged) + " # or hold those roles to more in the policy",
				})
			}
		}
	}
	return found
}

// standards are the Pod Security Standards, from the loosest to the strictest.
var standards = []v1alpha1.PodSecurity{v1alpha1.Privileged, v1alpha1.Baseline, v1alpha1.Restricted}
