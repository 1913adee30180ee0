package native

import (
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Keepers are those that may go on to change what makes up polymoat where a guard stands before it.
type Keepers struct {
	Users, Groups []string
	// CertificateUsers may change clientConfig.caBundle of its webhooks and nothing else. Without them no certificate is renewed.
	CertificateUsers []string
}

// CertificateUsers are polymoat's own account as the chart makes it, and cert-manager's.
var CertificateUsers = []string{
	"system:serviceaccount:polymoat-system:polymoat", "system:serviceaccount:cert-manager:cert-manager-cainjector",
}

const guardName = "polymoat-guard"

// Guard is a policy that keeps polymoat's webhooks and policies from being changed and removed, by administrators as well.
// It must be static: the API server asks no other policy about its own configuration.
func Guard(k Keepers) Twin {
	p := admissionv1.ValidatingAdmissionPolicy{TypeMeta: metav1.TypeMeta{APIVersion: apiVersion, Kind: "ValidatingAdmissionPolicy"}}
	p.ObjectMeta = metav1.ObjectMeta{Name: guardName, Labels: twinLabels()}
	p.Spec.FailurePolicy = new(admissionv1.Fail)
	p.Spec.MatchConstraints = &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
		Operations: []admissionv1.OperationType{admissionv1.Update, admissionv1.Delete},
		Rule: admissionv1.Rule{APIGroups: []string{"admissionregistration.k8s.io"}, APIVersions: []string{"*"}, Resources: []string{
			"mutatingwebhookconfigurations", "validatingwebhookconfigurations", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings",
			"validatingadmissionpolicies", "validatingadmissionpolicybindings",
		}},
	}}}}
	p.Spec.MatchConditions = []admissionv1.MatchCondition{{
		Name: "of-polymoat", Expression: `oldObject.metadata.name == "polymoat" || oldObject.metadata.name.startsWith("polymoat-")`,
	}}
	all := []variable{
		{"keeper", "whether the user is one of those that may", either(isOneOf("request.userInfo.username", k.Users), hasGroup(k.Groups))},
		{"before", "the webhooks as they are", `dyn(oldObject).?webhooks.orValue([])`},
		{"after", "the webhooks as they would be", `dyn(object).?webhooks.orValue([])`},
		{"renews", "whether the user changes nothing but which authority the API server trusts", isOneOf("request.userInfo.username", k.CertificateUsers) + ` && request.operation == "UPDATE" &&
variables.after.size() > 0 && variables.after.map(w, w.name) == variables.before.map(w, w.name) &&
variables.after.all(a, variables.before.exists(b, a.name == b.name && ` + sameBut("a", "b", "clientConfig") + ` &&
` + sameBut("a.clientConfig", "b.clientConfig", "caBundle") + `)) &&
` + sameBut("dyn(object).metadata", "dyn(oldObject).metadata", "generation", "managedFields", "resourceVersion")},
	}
	p.Spec.Variables = variablesOf(all)
	p.Spec.Validations = []admissionv1.Validation{{Expression: `variables.keeper || variables.renews`, Message: "only those named to polymoat's guard may change or remove " +
		"polymoat's webhooks and policies; the guard is a file on the API servers' disks"}}
	var t Twin
	t.validate(p, admissionv1.Deny)
	return t
}

// hasGroup is an expression that says whether the user is in one of the groups.
func hasGroup(groups []string) string {
	if len(groups) == 0 {
		return "false"
	}
	return `request.userInfo.?groups.orValue([]).exists(g, ` + isOneOf("g", groups) + `)`
}

// sameBut is an expression that says whether two maps are the same, some keys aside. Fields are compared whatever their
// names are, so that those of later versions of Kubernetes are among them.
func sameBut(a, b string, but ...string) string {
	return say(`<a>.all(k, k in <but> || (k in <b> && <a>[k] == <b>[k])) && <b>.all(k, k in <but> || k in <a>)`, "a", a, "b", b, "but", lit(but))
}

// And is both twins together.
func (t Twin) And(o Twin) Twin {
	return Twin{
		slices.Concat(t.Mutating, o.Mutating), slices.Concat(t.MutatingBindings, o.MutatingBindings),
		slices.Concat(t.Validating, o.Validating), slices.Concat(t.ValidatingBindings, o.ValidatingBindings),
	}
}
