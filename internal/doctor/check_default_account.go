package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

const defaultAccount = "default"

// defaultAccounts finds what the account may do that pods get which ask for none. The rule "service-account" leaves it
// free, because many runs use it; so does core where its chart gives it no other.
func defaultAccounts(v View) []Finding {
	var found []Finding
	for _, namespace := range v.governed() {
		var pods []string
		for _, pod := range v.identified(isCore) {
			if pod.Namespace == namespace && cmp.Or(pod.Spec.ServiceAccountName, defaultAccount) == defaultAccount {
				pods = append(pods, pod.Name)
			}
		}
		if may := v.rightsOfDefault(namespace); len(pods) > 0 && len(may) > 0 {
			found = append(found, Finding{
				Severity: Warning,
				What: fmt.Sprintf("%s of Polyaxon's core in namespace %q %s as service account %q, which may %s.",
					upper(are(pods, "pod ", "the pods ")+named(pods)), namespace, are(pods, "runs", "run"), defaultAccount, listed(may)),
				Why: "Every pod of the namespace that names no account may do the same.",
				Fix: fmt.Sprintf("kubectl get clusterrolebindings,rolebindings -A -o wide # then take service account %s/%s out of them",
					namespace, defaultAccount),
			})
		}
	}
	return append(found, v.namedDefaults()...)
}

// namedDefaults finds policies that trust the account.
func (v View) namedDefaults() []Finding {
	var found []Finding
	for _, f := range v.files {
		spec := &f.Policy.Spec
		for _, namespace := range v.governed() {
			lists := spec.NamedAccounts()[namespace+"/"+defaultAccount]
			if len(lists) == 0 {
				continue
			}
			found = append(found, Finding{
				Severity: Warning,
				What:     fmt.Sprintf("Policy %q names service account %q of namespace %q in %s.", f.Policy.Metadata.Name, defaultAccount, namespace, listed(lists)),
				Why:      "Every pod of the namespace that names no account is as trusted.",
				Fix:      fmt.Sprintf("kubectl -n %s create serviceaccount NAME # for what needs that trust, then name it in the policy instead", namespace),
			})
		}
	}
	return found
}

// rightsOfDefault are what RBAC gives to the account, itself or as one of its namespace: "get/list secrets".
func (v View) rightsOfDefault(namespace string) []string {
	var may []string
	for _, g := range v.grants() {
		if !slices.ContainsFunc(g.subjects, func(s rbacv1.Subject) bool { return isDefault(s, namespace) }) {
			continue
		}
		for _, rule := range g.rules {
			if len(rule.Resources) > 0 {
				may = append(may, strings.Join(rule.Verbs, "/")+" "+strings.Join(rule.Resources, "/"))
			}
		}
	}
	return may
}

func isDefault(s rbacv1.Subject, namespace string) bool {
	switch s.Kind {
	case rbacv1.ServiceAccountKind:
		return s.Name == defaultAccount && s.Namespace == namespace
	case rbacv1.UserKind:
		return s.Name == v1alpha1.AccountPrefix+namespace+":"+defaultAccount
	default:
		return s.Name == "system:serviceaccounts:"+namespace || s.Name == "system:serviceaccounts"
	}
}
