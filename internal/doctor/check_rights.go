package doctor

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/component-helpers/auth/rbac/validation"
)

// rights are what a server of this version needs in the whole cluster; a test holds them to the manifests.
func (v View) rights() []rbacv1.PolicyRule {
	verbs := []string{"list", "watch"}
	if selfManaged(v.Deployment) {
		verbs = append(verbs, "patch")
	}
	look := []string{"get", "list", "watch"}
	return []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"list", "watch"}},
		{APIGroups: []string{"core.polyaxon.com"}, Resources: []string{"operations"}, Verbs: look},
		{APIGroups: []string{"polyaxon.com"}, Resources: []string{"jobs", "services", "kfjobs", "clusters"}, Verbs: look},
		{APIGroups: []string{"authorization.k8s.io"}, Resources: []string{"subjectaccessreviews"}, Verbs: []string{"create"}},
		{
			APIGroups:     []string{"admissionregistration.k8s.io"},
			Resources:     []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"},
			ResourceNames: []string{configurationName(v.Deployment)}, Verbs: verbs,
		},
	}
}

// auditRights are what a server needs beside them that audits what runs.
func auditRights(lease string) []rbacv1.PolicyRule {
	group, resources := []string{"coordination.k8s.io"}, []string{"leases"}
	return []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}},
		{APIGroups: group, Resources: resources, ResourceNames: []string{lease}, Verbs: []string{"get", "update"}},
		{APIGroups: group, Resources: resources, Verbs: []string{"create"}},
	}
}

// serverRights finds what RBAC keeps from the server's service account.
func serverRights(v View) []Finding {
	namespace := v.Deployment.Namespace
	account := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: v.Deployment.Spec.Template.Spec.ServiceAccountName}
	everywhere, here := v.granted("", account), v.granted(namespace, account)
	_, missing := validation.Covers(everywhere, v.rights())
	if name := ServingSecret(v.Deployment); selfManaged(v.Deployment) && name != "" {
		_, secret := validation.Covers(slices.Concat(everywhere, here), []rbacv1.PolicyRule{{
			APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{name}, Verbs: []string{"list", "watch", "update"},
		}})
		missing = append(missing, secret...)
	}
	if _, name := auditLease(v.Deployment); name != "" {
		_, audit := validation.Covers(slices.Concat(everywhere, here), auditRights(name))
		missing = append(missing, audit...)
	}
	if len(missing) == 0 {
		return nil
	}
	var words []string
	for _, rule := range missing {
		words = append(words, strings.TrimSuffix(rule.Verbs[0]+" "+rule.Resources[0]+"."+rule.APIGroups[0], "."))
	}
	return []Finding{{
		Severity: Error,
		What:     fmt.Sprintf("RBAC does not let service account %q in namespace %q: %s.", account.Name, namespace, listed(words)),
		Why:      "What the server may not see it cannot judge: it does not become ready, or refuses what it would let through.",
		Mend:     v.reinstall(),
	}}
}

// granted are the rules that a subject has in the whole cluster, or by the bindings of a namespace.
func (v View) granted(namespace string, to rbacv1.Subject) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for _, g := range v.grants() {
		if g.namespace == namespace && slices.ContainsFunc(g.subjects, func(s rbacv1.Subject) bool {
			return s.Kind == to.Kind && s.Name == to.Name && s.Namespace == to.Namespace
		}) {
			rules = append(rules, g.rules...)
		}
	}
	return rules
}
