package doctor

import (
	"fmt"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// hook is one webhook of a configuration, mutating or validating.
type hook struct {
	kind, configuration, name string // "MutatingWebhookConfiguration", "polymoat", "mutate.polymoat.io"

	client       admissionregistrationv1.WebhookClientConfig
	rules        []admissionregistrationv1.RuleWithOperations
	failure      admissionregistrationv1.FailurePolicyType
	match        admissionregistrationv1.MatchPolicyType
	timeout      int32
	effects      admissionregistrationv1.SideEffectClass
	reinvocation admissionregistrationv1.ReinvocationPolicyType // of mutating ones
	namespaces   *metav1.LabelSelector
	objects      *metav1.LabelSelector
}

// String is the webhook as sentences name it.
func (h hook) String() string {
	return fmt.Sprintf("webhook %q of %s %q", h.name, h.kind, h.configuration)
}

const (
	mutatingKind   = "MutatingWebhookConfiguration"
	validatingKind = "ValidatingWebhookConfiguration"
)

// own are the webhooks of polymoat's two configurations, the mutating ones first.
func (v View) own() []hook {
	return slices.DeleteFunc(append(v.mutating(), v.validating()...), func(h hook) bool {
		return h.configuration != configurationName(v.Deployment)
	})
}

// mutating are all mutating webhooks of the cluster.
func (v View) mutating() []hook {
	var hooks []hook
	for _, c := range v.Mutating {
		for _, w := range c.Webhooks {
			hooks = append(hooks, hook{
				kind: mutatingKind, configuration: c.Name, name: w.Name, client: w.ClientConfig, rules: w.Rules,
				failure: ptr.Deref(w.FailurePolicy, ""), match: ptr.Deref(w.MatchPolicy, ""), timeout: ptr.Deref(w.TimeoutSeconds, 0),
				effects: ptr.Deref(w.SideEffects, ""), reinvocation: ptr.Deref(w.ReinvocationPolicy, ""), namespaces: w.NamespaceSelector, objects: w.ObjectSelector,
			})
		}
	}
	return hooks
}

// validating are all validating webhooks of the cluster.
func (v View) validating() []hook {
	var hooks []hook
	for _, c := range v.Validating {
		for _, w := range c.Webhooks {
			hooks = append(hooks, hook{
				kind: validatingKind, configuration: c.Name, name: w.Name, client: w.ClientConfig, rules: w.Rules,
				failure: ptr.Deref(w.FailurePolicy, ""), match: ptr.Deref(w.MatchPolicy, ""), timeout: ptr.Deref(w.TimeoutSeconds, 0),
				effects: ptr.Deref(w.SideEffects, ""), namespaces: w.NamespaceSelector, objects: w.ObjectSelector,
			})
		}
	}
	return hooks
}

// asks says whether the webhook is called for an operation on a resource: "CREATE", "", "pods/binding".
func (h hook) asks(operation admissionregistrationv1.OperationType, group, resource string) bool {
	return slices.ContainsFunc(h.rules, func(r admissionregistrationv1.RuleWithOperations) bool {
		return one(r.Operations, operation, admissionregistrationv1.OperationAll) && one(r.APIGroups, group, "*") && covers(r.Resources, resource)
	})
}

func one[T comparable](list []T, value, all T) bool {
	return slices.Contains(list, value) || slices.Contains(list, all)
}

// covers knows the wildcards of admission rules: "*" is every resource, "*/*" every subresource, too, "pods/*" those of pods.
func covers(rules []string, resource string) bool {
	return slices.ContainsFunc(rules, func(rule string) bool {
		name, sub := split(rule)
		wantName, wantSub := split(resource)
		return (name == "*" || name == wantName) && (sub == wantSub || sub == "*")
	})
}
