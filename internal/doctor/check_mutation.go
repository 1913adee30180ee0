package doctor

import (
	"fmt"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// laterMutation finds what may change a pod after polymoat placed it: webhooks whose configuration sorts behind ours, those
// that are called again, and admission policies that are. What they change cannot be known; polymoat is called again
// where they change anything, and judges the outcome in any case.
func laterMutation(v View) []Finding {
	own := configurationName(v.Deployment)
	var names []string
	for _, h := range v.mutating() {
		again := h.reinvocation == admissionregistrationv1.IfNeededReinvocationPolicy
		if h.configuration == own || !again && h.configuration < own {
			continue
		}
		if h.asks(admissionregistrationv1.Create, "", "pods") && v.reaches(h.namespaces) {
			names = append(names, h.configuration+"/"+h.name)
		}
	}
	for _, p := range v.Policies {
		if p.Spec.ReinvocationPolicy == admissionregistrationv1.IfNeededReinvocationPolicy && v.constrains(p) {
			names = append(names, "MutatingAdmissionPolicy/"+p.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []Finding{{
		Severity: Info,
		What:     fmt.Sprintf("Pods of governed namespaces are also changed by %s, after polymoat or again.", named(names)),
		Why:      "If they touch nodeSelector, tolerations or affinity, pods that polymoat placed are refused.",
		Fix:      "kubectl get mutatingwebhookconfigurations -o yaml",
	}}
}

// reaches says whether a selector takes any governed namespace.
func (v View) reaches(selector *metav1.LabelSelector) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return true // nothing is known of it
	}
	if selector == nil {
		return true // of every namespace
	}
	return slices.ContainsFunc(v.governed(), func(name string) bool {
		set := labels.Set{byName: name}
		if ns := v.namespace(name); ns != nil {
			set = labels.Merge(ns.Labels, set)
		}
		return s.Matches(set)
	})
}

// constrains says whether an admission policy is for new pods of a governed namespace.
func (v View) constrains(p *admissionregistrationv1.MutatingAdmissionPolicy) bool {
	m := p.Spec.MatchConstraints
	if m == nil || !v.reaches(m.NamespaceSelector) {
		return false
	}
	return slices.ContainsFunc(m.ResourceRules, func(r admissionregistrationv1.NamedRuleWithOperations) bool {
		return hook{rules: []admissionregistrationv1.RuleWithOperations{r.RuleWithOperations}}.asks(admissionregistrationv1.Create, "", "pods")
	})
}
