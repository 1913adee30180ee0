package native

import (
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// moded is a policy and what comes of its validations.
type moded struct {
	policy admissionv1.ValidatingAdmissionPolicy
	action admissionv1.ValidationAction
}

var actions = map[v1alpha1.Mode]admissionv1.ValidationAction{
	v1alpha1.Enforce: admissionv1.Deny, v1alpha1.Warn: admissionv1.Warn, v1alpha1.Audit: admissionv1.Audit,
}

// validating are the policies that judge: one for pods and one for what pods are made of, in each mode that any rule has.
func (in *installation) validating(name string) []moded {
	var list []moded
	for _, mode := range v1alpha1.Modes {
		pods := in.podJudge(name, mode)
		if len(pods.Spec.Validations) > 0 {
			list = append(list, moded{pods, actions[mode]})
		}
		entries := in.entryJudge(name, mode)
		if len(entries.Spec.Validations) > 0 {
			list = append(list, moded{entries, actions[mode]})
		}
	}
	return list
}

// judge is a policy without rules.
func (in *installation) judge(name, what string, mode v1alpha1.Mode) admissionv1.ValidatingAdmissionPolicy {
	p := admissionv1.ValidatingAdmissionPolicy{TypeMeta: metav1.TypeMeta{APIVersion: apiVersion, Kind: "ValidatingAdmissionPolicy"}}
	p.ObjectMeta = marked(fmt.Sprintf("%s-%s-%s", name, what, strings.ToLower(string(mode))))
	p.Spec.FailurePolicy = new(admissionv1.Fail)
	return p
}

// podJudge is the policy that does what policy.Policy.Validate does, for the rules of one mode.
func (in *installation) podJudge(name string, mode v1alpha1.Mode) admissionv1.ValidatingAdmissionPolicy {
	p := in.judge(name, "pods", mode)
	p.Spec.MatchConstraints = in.matches(
		rules([]string{""}, []admissionv1.OperationType{admissionv1.Create, admissionv1.Update}, "pods"),
		rules([]string{""}, []admissionv1.OperationType{admissionv1.Update}, "pods/ephemeralcontainers", "pods/resize", "pods/status"))
	p.Spec.MatchConditions = []admissionv1.MatchCondition{
		{Name: "not-a-mirror-pod", Expression: notMirror},
		{Name: "not-the-kubelet-about-a-status", Expression: `request.?subResource.orValue("") != "status" || request.userInfo.username != "system:node:" + object.spec.?nodeName.orValue("") ||
!("system:nodes" in request.userInfo.?groups.orValue([])) ||
object.metadata.?labels != oldObject.metadata.?labels || object.metadata.?annotations != oldObject.metadata.?annotations ||
object.?status.nominatedNodeName != oldObject.?status.nominatedNodeName`},
	}
	all := in.judging()
	var expressions []string
	if mode == v1alpha1.Enforce {
		expression := commented("an override that is not honoured here is refused: its author relies on it. The API server tells the first refusal only",
			`!variables.renamed || variables.understood`)
		p.Spec.Validations = append(p.Spec.Validations, admissionv1.Validation{Expression: expression, Message: overrideMessage})
		expressions = append(expressions, expression)
	}
	for _, r := range in.podRules() {
		if expression := in.inMode(r, mode); expression != "true" {
			p.Spec.Validations = append(p.Spec.Validations, admissionv1.Validation{Expression: expression, Message: r.id + ": " + r.message})
			expressions = append(expressions, expression)
		}
	}
	p.Spec.Variables = variablesOf(needed(all, expressions...))
	return p
}

const overrideMessage = "overrides: what begins with polymoat.io/ is not accepted by the role, or is left to polymoat's webhook, which has to be there: " +
	"node-selector and tolerations"

// judging are the variables of the policies that judge pods.
func (in *installation) judging() []variable {
	own := choice("own", "variables.mine", "variables.selector", "variables.terms")
	all := slices.Concat(in.podVariables(), []variable{in.shadowed()}, own,
		[]variable{{"lands", "the protected pools on whose nodes it could run although it may not", in.lands("variables.selector", "variables.terms", "variables.tolerations")}},
		in.updates(), in.trustVariables(), in.claimVariables(), in.statusVariables(),
		[]variable{
			{"account", "its service account", `object.spec.?serviceAccountName.orValue("") != "" ? object.spec.serviceAccountName : object.spec.?serviceAccount.orValue("")`},
			{"understood", "whether every override is accepted, and honoured here", in.overridesOK()},
		})
	standard := in.standard()
	var judged []variable
	for _, r := range in.podRules() {
		judged = append(judged, variable{r.variable(), "whether " + r.id + " has nothing against it", r.ok})
	}
	// The standard names the rule run-as-root, and the rule pod-security names the standard.
	last := len(judged) - 1
	root := slices.IndexFunc(judged, func(v variable) bool { return v.name == "okRunAsRoot" })
	at := slices.IndexFunc(standard, func(v variable) bool { return v.name == "standardIdentity" })
	all = append(all, judged[:root]...)
	all = append(all, standard[:at]...)
	all = append(all, judged[root:last]...)
	all = append(all, standard[at:]...)
	return append(all, judged[last], in.violated(), in.excused())
}
