package policy

import (
	"cmp"
	"fmt"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/polyaxon"
)

// A pod may do what its service account may, and polymoat trusts some accounts with more than others. Polyaxon copies
// environment.serviceAccountName from a user's file, so that any run could act as one of them.
//
// Refused is spec.serviceAccountName (or the old spec.serviceAccount) that names an account which a policy names: in
// requesters, nodeNameUsers, bindingUsers, debugUsers or coreTrust, and one under which a live workload of core runs. Core
// itself may use any. The account "default" is always free: pods get it that ask for none.
//
// Experiments of Polyaxon 0.1 and 0.2 run under the platform's own account, which creates them. They pass with a warning.
//
// Tokens that somebody requests for an account, and Secrets that hold one, do not come by here: RBAC guards them.
func serviceAccount(v View) []Violation {
	where := v.trustedAccount()
	if where == "" || v.isOldExperiment() {
		return nil
	}
	field := "serviceAccountName"
	if v.Pod.Spec.ServiceAccountName == "" {
		field = "serviceAccount"
	}
	return []Violation{{
		Field:  pathSpec.Child(field),
		Detail: fmt.Sprintf("is %q, which role %q may not use", short(v.account()), v.role.name),
		Fix:    "remove it or name another account", Evidence: "it is " + where,
	}}
}

// account is the name of the pod's service account; empty for the default one.
func (v View) account() string {
	name := cmp.Or(v.Pod.Spec.ServiceAccountName, v.Pod.Spec.DeprecatedServiceAccount)
	if name == "default" {
		return ""
	}
	return name
}

// trustedAccount says why the pod's account is trusted with more than its role is; empty where it is not.
func (v View) trustedAccount() string {
	name := v.account()
	if name == "" || v.role.name == v1alpha1.RoleCore {
		return ""
	}
	if list := v.accounts[v.Namespace+"/"+name]; list != "" {
		return "an account that the policy names in " + list
	}
	return v.ofCore(name)
}

// ofCore says which of core's workloads runs as the account, the first by kind and name; empty where none does.
func (v View) ofCore(account string) string {
	first := ""
	for _, w := range v.Core {
		if text := fmt.Sprintf("the account of core's %s %q", w.Kind.Kind, w.Name); w.ServiceAccount == account && (first == "" || text < first) {
			first = text
		}
	}
	return first
}

// isOldExperiment says whether the pod is an experiment of Polyaxon 0.1 or 0.2 that its own account asks for.
func (v View) isOldExperiment() bool {
	own := v1alpha1.AccountPrefix + v.Namespace + ":" + v.account()
	return v.requester && v.User.Name == own && polyaxon.IsOldExperiment(v.Pod)
}

// accountWarnings tell whoever creates an old experiment what its account is worth.
func (v View) accountWarnings() []string {
	if v.Old != nil || v.trustedAccount() == "" || !v.isOldExperiment() {
		return nil
	}
	return []string{fmt.Sprintf("the experiment runs as %q, the account of Polyaxon itself, and may do what Polyaxon may; "+
		"Polyaxon 0.3 and later give experiments an account of their own", short(v.account()))}
}
