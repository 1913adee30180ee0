package audit

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// power is a right with which polymoat can be passed by. Whoever may bind pods or write pods and templates is not among
// them: those are judged.
type power struct {
	group, resource string
	// name is the object that counts; "*": any; empty: only a right on all of them.
	name  string
	verbs []string
	does  string // continues "may"
}

var change = []string{"update", "patch"}

// powers are all of them, those first that give more.
var powers = []power{
	{"rbac.authorization.k8s.io", "clusterroles", "", []string{"escalate"}, "give itself any right (escalate clusterroles)"},
	{"rbac.authorization.k8s.io", "clusterroles", "", []string{"bind"}, "give itself any right (bind clusterroles)"},
	{"", "users", "", []string{"impersonate"}, "act as anybody (impersonate users)"},
	{"", "groups", "", []string{"impersonate"}, "act as anybody (impersonate groups)"},
	{"", "serviceaccounts", "", []string{"impersonate"}, "act as any service account (impersonate serviceaccounts)"},
	{"admissionregistration.k8s.io", "mutatingwebhookconfigurations", "polymoat", append([]string{"delete", "deletecollection"}, change...),
		"turn webhooks off (write mutatingwebhookconfigurations)"},
	{"admissionregistration.k8s.io", "validatingwebhookconfigurations", "polymoat", append([]string{"delete", "deletecollection"}, change...),
		"turn webhooks off (write validatingwebhookconfigurations)"},
	{"", "nodes", "*", change, "change labels and taints of nodes (write nodes)"},
	{"", "nodes/proxy", "*", []string{"get", "create"}, "run commands through kubelets (nodes/proxy)"},
	{"polymoat.io", "roles", "core", []string{"use"}, "claim core (use roles.polymoat.io)"},
}

// Rights judges who has which right in the whole cluster. roles are the rules of ClusterRoles by name: aggregated roles
// hold theirs already. Findings are only those that runs can be: service accounts of governed namespaces, and everybody.
func (a *Auditor) Rights(binding *rbacv1.ClusterRoleBinding, roles map[string][]rbacv1.PolicyRule) []Finding {
	may := mayDo(roles[binding.RoleRef.Name])
	if len(may) == 0 {
		return nil
	}
	var found []Finding
	for _, s := range binding.Subjects {
		who := a.withinReach(s)
		if who == "" {
			continue
		}
		found = append(found, Finding{
			Kind: RightAround, Object: "clusterrolebinding.rbac.authorization.k8s.io/" + binding.Name,
			Detail: fmt.Sprintf("gives ClusterRole %q to %s, who may with it %s", binding.RoleRef.Name, who, strings.Join(may, ", ")),
			Fix:    "take the subject out of the binding, or the rules out of the role",
		})
	}
	return found
}

// Matters says whether any of the rules is a right that Rights looks for, so that the role is worth keeping.
func Matters(rules []rbacv1.PolicyRule) bool { return len(mayDo(rules)) > 0 }

// mayDo is what the rules let somebody do, in the order of powers.
func mayDo(rules []rbacv1.PolicyRule) []string {
	var may []string
	for _, p := range powers {
		if slices.ContainsFunc(rules, p.within) && !slices.Contains(may, p.does) {
			may = append(may, p.does)
		}
	}
	return may
}

// within says whether the rule gives the power.
func (p power) within(r rbacv1.PolicyRule) bool {
	named := len(r.ResourceNames) == 0 || p.name == "*" || slices.Contains(r.ResourceNames, p.name)
	return named && lists(r.APIGroups, p.group) && p.resourceIn(r.Resources) &&
		slices.ContainsFunc(p.verbs, func(verb string) bool { return lists(r.Verbs, verb) })
}

// resourceIn also knows "*/proxy", a subresource of anything.
func (p power) resourceIn(resources []string) bool {
	_, sub, ok := strings.Cut(p.resource, "/")
	return lists(resources, p.resource) || ok && slices.Contains(resources, "*/"+sub)
}

// lists says whether the list of a rule has the word, or all words.
func lists(list []string, word string) bool {
	return slices.Contains(list, word) || slices.Contains(list, "*")
}

// withinReach names a subject that runs can be; empty for all others.
func (a *Auditor) withinReach(s rbacv1.Subject) string {
	switch s.Kind {
	case rbacv1.ServiceAccountKind:
		if slices.Contains(a.governed, s.Namespace) {
			return fmt.Sprintf("service account %q of namespace %q", s.Name, s.Namespace)
		}
	case rbacv1.UserKind:
		account, _ := strings.CutPrefix(s.Name, "system:serviceaccount:")
		namespace, _, ok := strings.Cut(account, ":")
		if s.Name == "system:anonymous" || ok && account != s.Name && slices.Contains(a.governed, namespace) {
			return fmt.Sprintf("user %q", s.Name)
		}
	case rbacv1.GroupKind:
		namespace, of := strings.CutPrefix(s.Name, "system:serviceaccounts:")
		everybody := slices.Contains([]string{"system:authenticated", "system:unauthenticated", "system:serviceaccounts"}, s.Name)
		if everybody || of && slices.Contains(a.governed, namespace) {
			return fmt.Sprintf("group %q", s.Name)
		}
	}
	return ""
}
