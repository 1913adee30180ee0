package policy

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Trust is a fact of the cluster: whether RBAC lets the user "use" the resource roles.polymoat.io named "core".
// The zero value does not, so that a forgotten question fails closed.
type Trust int

// The answers of RBAC.
const (
	NotTrusted   Trust = iota // it does not, or there is no cluster to ask
	Trusted                   // it does
	TrustUnknown              // nobody knows yet who will ask: what must be earned is a warning
)

// trusts says whether the policy itself names the user.
func (in *installation) trusts(u UserInfo, namespace string) bool {
	t := in.coreTrust
	return slices.Contains(t.Users, u.Name) || slices.ContainsFunc(t.Groups, u.in) ||
		slices.ContainsFunc(t.ServiceAccounts, func(account string) bool {
			if !strings.Contains(account, "/") {
				account = namespace + "/" + account
			}
			return u.Name == v1alpha1.AccountPrefix+strings.Replace(account, "/", ":", 1)
		})
}

// trusted are those that the policy trusts with core, for people: `one of group "system:masters" or anyone who may "use"
// roles.polymoat.io "core"`.
func trusted(t v1alpha1.CoreTrust) string {
	var words []string
	for _, user := range t.Users {
		words = append(words, fmt.Sprintf("user %q", user))
	}
	for _, group := range t.Groups {
		words = append(words, fmt.Sprintf("one of group %q", group))
	}
	for _, account := range t.ServiceAccounts {
		words = append(words, fmt.Sprintf("service account %q", account))
	}
	const most = 5
	if more := len(words) - most; more > 0 {
		words = append(words[:most], fmt.Sprintf("%d more", more))
	}
	rbac := `anyone who may "use" roles.polymoat.io "core"`
	if len(words) == 0 {
		return rbac
	}
	return strings.Join(words, ", ") + " or " + rbac
}

// makers are the built-in controllers, what they make and on whose behalf. They carry no trust of their own: what they
// make comes from a template of its owner, which was reviewed where it entered.
var makers = []struct {
	controller string
	owner      schema.GroupKind
	makes      string
}{
	{"replicaset-controller", schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}, "Pod"},
	{"replication-controller", schema.GroupKind{Kind: "ReplicationController"}, "Pod"},
	{"statefulset-controller", schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, "Pod"},
	{"daemon-set-controller", schema.GroupKind{Group: "apps", Kind: "DaemonSet"}, "Pod"},
	{"job-controller", schema.GroupKind{Group: "batch", Kind: "Job"}, "Pod"},
	{"deployment-controller", schema.GroupKind{Group: "apps", Kind: "Deployment"}, "ReplicaSet"},
	{"cronjob-controller", schema.GroupKind{Group: "batch", Kind: "CronJob"}, "Job"},
	// Pods of a StatefulSet are made of its revisions, which keep earlier templates.
	{"statefulset-controller", schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, "ControllerRevision"},
	{"daemon-set-controller", schema.GroupKind{Group: "apps", Kind: "DaemonSet"}, "ControllerRevision"},
}

// makes says whether the user is the built-in controller that makes such an object for its controlling owner. The owner
// alone says nothing: anybody can write it.
func (u UserInfo) makes(kind string, owners []metav1.OwnerReference) bool {
	owner := metav1.GetControllerOfNoCopy(&metav1.ObjectMeta{OwnerReferences: owners})
	if owner == nil {
		return false
	}
	of := schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind).GroupKind()
	for _, m := range makers {
		if m.makes == kind && m.owner == of && u.isController(m.controller) {
			return true
		}
	}
	return false
}
