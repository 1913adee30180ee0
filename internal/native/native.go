package native

import (
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// Twin is a policy as the API server's own policies, with a binding each of the same name.
type Twin struct {
	Mutating           []admissionv1.MutatingAdmissionPolicy
	MutatingBindings   []admissionv1.MutatingAdmissionPolicyBinding
	Validating         []admissionv1.ValidatingAdmissionPolicy
	ValidatingBindings []admissionv1.ValidatingAdmissionPolicyBinding
}

// Compile writes policies down that were loaded with v1alpha1.Load and belong together. The result depends on nothing else.
func Compile(docs ...*v1alpha1.PlacementPolicy) Twin {
	var t Twin
	for _, doc := range docs {
		in, one := compile(doc, docs), Twin{}
		name := "polymoat-" + doc.Metadata.Name
		one.mutate(in.mutating(name))
		for _, p := range in.validating(name) {
			one.validate(p.policy, p.action)
		}
		one.seal()
		t = t.And(one)
	}
	return t
}

func (t *Twin) mutate(p admissionv1.MutatingAdmissionPolicy) {
	t.Mutating = append(t.Mutating, p)
	b := admissionv1.MutatingAdmissionPolicyBinding{TypeMeta: metav1.TypeMeta{APIVersion: apiVersion, Kind: "MutatingAdmissionPolicyBinding"}}
	b.ObjectMeta, b.Spec.PolicyName = p.ObjectMeta, p.Name
	t.MutatingBindings = append(t.MutatingBindings, b)
}

func (t *Twin) validate(p admissionv1.ValidatingAdmissionPolicy, action admissionv1.ValidationAction) {
	t.Validating = append(t.Validating, p)
	b := admissionv1.ValidatingAdmissionPolicyBinding{TypeMeta: metav1.TypeMeta{APIVersion: apiVersion, Kind: "ValidatingAdmissionPolicyBinding"}}
	b.ObjectMeta, b.Spec.PolicyName, b.Spec.ValidationActions = p.ObjectMeta, p.Name, []admissionv1.ValidationAction{action}
	t.ValidatingBindings = append(t.ValidatingBindings, b)
}

const apiVersion = "admissionregistration.k8s.io/v1"

// notMirror leaves out what stands for a static pod: its kubelet runs it already.
const notMirror = `!("kubernetes.io/config.mirror" in object.metadata.?annotations.orValue({})) ||
object.spec.?nodeName.orValue("") == "" || request.userInfo.username != "system:node:" + object.spec.nodeName ||
!("system:nodes" in request.userInfo.?groups.orValue([]))`

// podVariables are all variables about pods that both halves know, those first that others name.
func (in *installation) podVariables() []variable {
	return slices.Concat(in.identity(), in.askedRole(), asks(), in.trust(),
		[]variable{{"pools", "the node pools", lit(in.byName())}}, in.asked(), in.mine())
}

// mutating is the policy that does what policy.Policy.Mutate does.
func (in *installation) mutating(name string) admissionv1.MutatingAdmissionPolicy {
	expression := `variables.shadowed || variables.left || variables.numbers ? [] : (request.operation != "CREATE" ? [] :
` + in.placePatches() + `) +
` + in.hardenPatches()
	all := slices.Concat(in.podVariables(), []variable{in.shadowed()}, in.placement(), in.attraction(), in.hardening())
	p := admissionv1.MutatingAdmissionPolicy{TypeMeta: metav1.TypeMeta{APIVersion: apiVersion, Kind: "MutatingAdmissionPolicy"}}
	p.ObjectMeta = marked(name)
	p.Spec = admissionv1.MutatingAdmissionPolicySpec{
		MatchConstraints: in.matches(
			rules([]string{""}, []admissionv1.OperationType{admissionv1.Create}, "pods"),
			rules([]string{""}, []admissionv1.OperationType{admissionv1.Update}, "pods/ephemeralcontainers")),
		MatchConditions: []admissionv1.MatchCondition{
			{Name: "not-a-mirror-pod", Expression: notMirror},
			{Name: "not-of-a-daemonset", Expression: "// its controller has a node for it already\nrequest.operation != \"CREATE\" || !(" + controllers("daemon-set-controller") +
				`) || !object.metadata.?ownerReferences.orValue([]).exists(o, o.kind == "DaemonSet" && o.?controller.orValue(false))`},
		},
		FailurePolicy:      new(admissionv1.Fail),
		ReinvocationPolicy: admissionv1.IfNeededReinvocationPolicy,
		Variables:          variablesOf(needed(all, expression)),
		Mutations: []admissionv1.Mutation{{
			PatchType: admissionv1.PatchTypeJSONPatch, JSONPatch: &admissionv1.JSONPatch{Expression: expression},
		}},
	}
	return p
}

func variablesOf(list []variable) []admissionv1.Variable {
	vars := make([]admissionv1.Variable, len(list))
	for i, v := range list {
		vars[i] = admissionv1.Variable{Name: v.name, Expression: commented(v.doc, v.text)}
	}
	return vars
}

func (in *installation) matches(list ...admissionv1.NamedRuleWithOperations) *admissionv1.MatchResources {
	return &admissionv1.MatchResources{
		NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
			{Key: "kubernetes.io/metadata.name", Operator: metav1.LabelSelectorOpIn, Values: in.Spec.Namespaces},
		}},
		ResourceRules: list,
	}
}

func rules(groups []string, operations []admissionv1.OperationType, resources ...string) admissionv1.NamedRuleWithOperations {
	return admissionv1.NamedRuleWithOperations{RuleWithOperations: admissionv1.RuleWithOperations{
		Operations: operations,
		Rule:       admissionv1.Rule{APIGroups: groups, APIVersions: []string{"v1"}, Resources: resources, Scope: new(admissionv1.NamespacedScope)},
	}}
}

// shadowed says whether placement and hardening are not applied.
func (in *installation) shadowed() variable {
	parts := []string{}
	for _, ns := range in.Spec.Namespaces {
		roles := in.where(func(r v1alpha1.Role) bool {
			return slices.ContainsFunc(in.Spec.Shadow, func(s v1alpha1.Scope) bool { return s.Holds(ns, r.Name) })
		})
		if len(roles) > 0 {
			parts = append(parts, say(`request.namespace == <ns> && variables.roles.all(r, r in <roles>)`, "ns", quote(ns), "roles", lit(roles)))
		}
	}
	return variable{"shadowed", "whether nothing is changed, because the policy tries placement and hardening out", either(parts...)}
}
