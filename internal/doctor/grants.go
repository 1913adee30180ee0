package doctor

import (
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/component-helpers/auth/rbac/validation"
)

// grant is what a binding gives to its subjects.
type grant struct {
	namespace string // where it holds; empty: everywhere
	subjects  []rbacv1.Subject
	rules     []rbacv1.PolicyRule
}

// grants are all bindings with what they give. One to a role that is not there gives nothing.
func (v View) grants() []grant {
	var all []grant
	for _, b := range v.ClusterGrants {
		all = append(all, grant{subjects: b.Subjects, rules: v.clusterRole(b.RoleRef.Name)})
	}
	for _, b := range v.Grants {
		rules := v.clusterRole(b.RoleRef.Name)
		if b.RoleRef.Kind == "Role" {
			rules = v.role(b.Namespace, b.RoleRef.Name)
		}
		all = append(all, grant{b.Namespace, b.Subjects, rules})
	}
	return all
}

func (v View) clusterRole(name string) []rbacv1.PolicyRule {
	for _, r := range v.ClusterRoles {
		if r.Name == name {
			return r.Rules
		}
	}
	return nil
}

func (v View) role(namespace, name string) []rbacv1.PolicyRule {
	for _, r := range v.Roles {
		if r.Namespace == namespace && r.Name == name {
			return r.Rules
		}
	}
	return nil
}

// right is something that somebody may do.
type right struct{ verb, group, resource, name string }

func (r right) rule() rbacv1.PolicyRule {
	rule := rbacv1.PolicyRule{Verbs: []string{r.verb}, APIGroups: []string{r.group}, Resources: []string{r.resource}}
	if r.name != "" {
		rule.ResourceNames = []string{r.name}
	}
	return rule
}

// everything is what a cluster administrator has.
var everything = []rbacv1.PolicyRule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}}

// may are those who have any of the rights, everywhere or by a binding of one of the namespaces: `User "jane"`. Left out
// are the cluster's own (system:, but for the groups that are everybody), service accounts of kube-system and of
// polymoat, and cluster administrators, which nothing holds.
func (v View) may(rights []right, namespaces ...string) []string {
	names := map[string]bool{}
	for _, g := range v.grants() {
		if g.namespace != "" && !slices.Contains(namespaces, g.namespace) {
			continue
		}
		if admin, _ := validation.Covers(g.rules, everything); admin && g.namespace == "" {
			continue
		}
		if !slices.ContainsFunc(rights, func(r right) bool {
			ok, _ := validation.Covers(g.rules, []rbacv1.PolicyRule{r.rule()})
			return ok
		}) {
			continue
		}
		for _, s := range g.subjects {
			if !v.trusted(s) {
				names[subjectName(s)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// outsiders are those that may do any of it in a namespace, without the service accounts that may everywhere: operators,
// which could do worse elsewhere. Those of governed namespaces stay, because whoever may write there has their tokens.
func (v View) outsiders(rights []right, namespace string) []string {
	everywhere := v.may(rights)
	return slices.DeleteFunc(v.may(rights, namespace), func(name string) bool {
		ofRuns := slices.ContainsFunc(v.governed(), func(ns string) bool { return strings.HasPrefix(name, accountName(ns, "")) })
		return slices.Contains(everywhere, name) && strings.HasPrefix(name, rbacv1.ServiceAccountKind+" ") && !ofRuns
	})
}

// trusted says whether a subject is the cluster itself or polymoat.
func (v View) trusted(s rbacv1.Subject) bool {
	if s.Kind == rbacv1.ServiceAccountKind {
		return s.Namespace == "kube-system" || v.Deployment != nil && s.Namespace == v.Deployment.Namespace
	}
	everybody := s.Name == "system:authenticated" || s.Name == "system:unauthenticated" || strings.HasPrefix(s.Name, "system:serviceaccount")
	return strings.HasPrefix(s.Name, "system:") && !everybody
}

func subjectName(s rbacv1.Subject) string {
	if s.Kind == rbacv1.ServiceAccountKind {
		return accountName(s.Namespace, s.Name)
	}
	return s.Kind + " " + s.Name
}

func accountName(namespace, name string) string {
	return rbacv1.ServiceAccountKind + " " + namespace + "/" + name
}
