package v1alpha1

import (
	"slices"
	"strings"
)

// AccountPrefix is what the user names of service accounts begin with, before namespace and name.
const AccountPrefix = "system:serviceaccount:"

// NamedAccounts are the service accounts that the policy trusts with something by name, as "namespace/name", with the
// lists that name them: "requesters", "coreTrust".
func (s *Spec) NamedAccounts() map[string][]string {
	accounts := map[string][]string{}
	add := func(account, list string) {
		if !slices.Contains(accounts[account], list) {
			accounts[account] = append(accounts[account], list)
		}
	}
	for _, list := range []struct {
		name  string
		users []string
	}{
		{"requesters", s.Requesters}, {"coreTrust", s.CoreTrust.Users}, {"nodeNameUsers", s.NodeNameUsers},
		{"bindingUsers", s.BindingUsers}, {"debugUsers", s.DebugUsers},
	} {
		for _, user := range list.users {
			account, isAccount := strings.CutPrefix(user, AccountPrefix)
			if namespace, name, ok := strings.Cut(account, ":"); ok && isAccount {
				add(namespace+"/"+name, list.name)
			}
		}
	}
	for _, account := range s.CoreTrust.ServiceAccounts {
		if strings.Contains(account, "/") {
			add(account, "coreTrust")
			continue
		}
		for _, namespace := range s.Namespaces {
			add(namespace+"/"+account, "coreTrust")
		}
	}
	return accounts
}
