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
		{APIGroups: []string{"apps"}, Resources: []string{"deployments", "replicasets", "statefulsets", "daemonsets"}, Verbs: look},
		{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: look},
		{APIGroups: []string{"core.polyaxon.com"}, Resources: []string{"operations"}, Verbs: look},
		{APIGroups: []string{"polyaxon.com"}, Resources: []string{"jobs", "services", "kfjobs", "clusters"}, Verbs: look},
		{APIGroups: []string{"scheduling.k8s.io"}, Resources: []string{"priorityclasses"}, Verbs: []string{"list", "watch"}},
		{APIGroups: []string{"authorization.k8s.io"}, Resources: []string{"subjectaccessreviews"}, Verbs: []string{"create"}},
		{APIGroups: []string{"authentication.k8s.io"}, Resources: []string{"tokenreviews"}, Verbs: []string{"create"}},
		{
			APIGroups:     []string{"admissionregistration.k8s.io"},
			Resources:     []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"},
			ResourceNames: []string{configurationName(v.Deployment)}, Verbs: verbs,
		},
	}
}

// rightsInGoverned are what core's priority and claims, the audit, events and reports need in every governed namespace.
func (v View) rightsInGoverned() []rbacv1.PolicyRule {
	rules := []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods", "persistentvolumeclaims"}, Verbs: []string{"list", "watch"}}}
	if argument(v.Deployment, "--audit-reports") == "true" {
		verbs := []string{"list", "watch", "create", "update", "delete"}
		rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{"openreports.io"}, Resources: []string{"reports"}, Verbs: verbs})
	}
	if argument(v.Deployment, "--events") == "true" {
		rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create", "patch"}})
	}
	return rules
}

// auditRights are what a server needs in its own namespace that audits what runs.
func auditRights(lease string) []rbacv1.PolicyRule {
	group, resources := []string{"coordination.k8s.io"}, []string{"leases"}
	return []rbacv1.PolicyRule{
		{APIGroups: group, Resources: resources, ResourceNames: []string{lease}, Verbs: []string{"get", "update"}},
		{APIGroups: group, Resources: resources, Verbs: []string{"create"}},
	}
}

// serverRights finds what RBAC keeps from the server's service account.
func serverRights(v View) []Finding {
	everywhere, here := v.granted(""), v.granted(v.Deployment.Namespace)
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
	var found []Finding
	if len(missing) > 0 {
		found = append(found, Finding{
			Severity: Error, What: v.denied(missing, ""),
			Why: "What the server may not see it cannot judge: it does not become ready, or refuses what it would let through.",
			Fix: v.reinstall(),
		})
	}
	for _, namespace := range v.governed() {
		_, missing := validation.Covers(slices.Concat(everywhere, v.granted(namespace)), v.rightsInGoverned())
		if len(missing) == 0 || v.namespace(namespace) == nil {
			continue
		}
		found = append(found, Finding{
			Severity: Warning, What: v.denied(missing, fmt.Sprintf("in namespace %q ", namespace)),
			Why: "The server does not know core's priority and claims in that namespace, does not audit it whole, or cannot tell there what it finds. A RoleBinding goes with its namespace.",
			Fix: v.reinstall(),
		})
	}
	return found
}

// denied says what the server's service account may not do. where is empty for the whole cluster.
func (v View) denied(missing []rbacv1.PolicyRule, where string) string {
	var words []string
	for _, rule := range missing {
		words = append(words, strings.TrimSuffix(rule.Verbs[0]+" "+rule.Resources[0]+"."+rule.APIGroups[0], "."))
	}
	account := v.Deployment.Spec.Template.Spec.ServiceAccountName
	return fmt.Sprintf("RBAC does not let service account %q in namespace %q: %s%s.", account, v.Deployment.Namespace, where, listed(words))
}

// granted are the rules that the server's service account has in the whole cluster, or by the bindings of a namespace.
func (v View) granted(namespace string) []rbacv1.PolicyRule {
	to := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: v.Deployment.Namespace, Name: v.Deployment.Spec.Template.Spec.ServiceAccountName}
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
