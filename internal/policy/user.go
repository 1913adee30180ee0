package policy

import (
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// UserInfo is who asks: "system:serviceaccount:kube-system:job-controller".
type UserInfo struct {
	Name   string
	Groups []string
}

// UserNamed is a user that is known by name only, with the groups that the API server gives to every such user: those of
// service accounts and kubelets, where it is one and no others are known, and of everybody who logged in.
func UserNamed(name string, groups ...string) UserInfo {
	if name == "" {
		return UserInfo{Groups: groups}
	}
	if strings.HasPrefix(name, "system:node:") && len(groups) == 0 {
		groups = []string{"system:nodes"}
	}
	if account, ok := strings.CutPrefix(name, v1alpha1.AccountPrefix); ok && len(groups) == 0 {
		namespace, _, _ := strings.Cut(account, ":")
		groups = []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace}
	}
	return UserInfo{name, append(slices.Clip(groups), "system:authenticated")}
}

// kubeScheduler is the user that the cluster's own scheduler is.
const kubeScheduler = "system:kube-scheduler"

// isKubelet says whether the user is the kubelet of the node.
func (u UserInfo) isKubelet(node string) bool {
	return node != "" && u.Name == "system:node:"+node && u.in("system:nodes")
}

func (u UserInfo) in(group string) bool { return slices.Contains(u.Groups, group) }

// isController says whether the user is that controller of kube-controller-manager, which runs all of them under its
// own name where it does not use one service account for each.
func (u UserInfo) isController(name string) bool {
	return u.Name == "system:serviceaccount:kube-system:"+name || u.Name == "system:kube-controller-manager"
}
