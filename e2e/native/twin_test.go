// Package native_test holds the twin of a policy against the policy itself, with the API server's own packages.
package native_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/cel/environment"

	"github.com/polymoat/polymoat/internal/native"
	"github.com/polymoat/polymoat/internal/policy"
)

// options are what every expression of the twin may use.
var options = plugincel.OptionalVariableDeclarations{HasAuthorizer: true}

// twin is a compiled twin, as the API server runs it: with the packages below the plugins that policy/validating and
// policy/mutating export with NewPlugin. A plugin tells the first refusal of all and this one each, by its rule; a plugin
// takes policies in once a second; and that which mutates asks a fake client for OpenAPI, which it does not have.
type twin struct {
	mutators []mutator
	judges   []judge
}

type mutator struct {
	name      string
	matches   []admissionv1.NamedRuleWithOperations
	matcher   matchconditions.Matcher
	patch     patch.Patcher
	compiler  *plugincel.CompositedCompiler
	evaluator plugincel.MutatingEvaluator
}

type judge struct {
	name       string
	action     admissionv1.ValidationAction
	matches    []admissionv1.NamedRuleWithOperations
	validator  validating.Validator
	conditions plugincel.ConditionEvaluator
}

func compileTwin(t testing.TB, all native.Twin) *twin {
	t.Helper()
	compiled := &twin{}
	for _, p := range all.Mutating {
		compiler := compilerOf(t, p.Spec.Variables)
		expression := &patch.JSONPatchCondition{Expression: p.Spec.Mutations[0].JSONPatch.Expression}
		with := options
		with.HasPatchTypes = true
		evaluator := compiler.CompileMutatingEvaluator(expression, with, environment.StoredExpressions)
		for _, err := range evaluator.CompilationErrors() {
			t.Errorf("%s: %v", p.Name, err)
		}
		compiled.mutators = append(compiled.mutators, mutator{
			p.Name, p.Spec.MatchConstraints.ResourceRules, matcherOf(compiler, p.Name, p.Spec.FailurePolicy, p.Spec.MatchConditions),
			patch.NewJSONPatcher(evaluator), compiler, evaluator,
		})
	}
	for i, p := range all.Validating {
		compiler := compilerOf(t, p.Spec.Variables)
		var list []plugincel.ExpressionAccessor
		for _, v := range p.Spec.Validations {
			list = append(list, &validating.ValidationCondition{Expression: v.Expression, Message: v.Message})
		}
		conditions := compiler.CompileCondition(list, options, environment.StoredExpressions)
		for _, err := range conditions.CompilationErrors() {
			t.Errorf("%s: %v", p.Name, err)
		}
		none := compiler.CompileCondition(nil, options, environment.StoredExpressions)
		compiled.judges = append(compiled.judges, judge{
			p.Name, all.ValidatingBindings[i].Spec.ValidationActions[0], p.Spec.MatchConstraints.ResourceRules,
			validating.NewValidator(conditions, matcherOf(compiler, p.Name, p.Spec.FailurePolicy, p.Spec.MatchConditions), none, none, p.Spec.FailurePolicy, nil),
			conditions,
		})
	}
	if t.Failed() {
		t.FailNow()
	}
	return compiled
}

func compilerOf(t testing.TB, variables []admissionv1.Variable) *plugincel.CompositedCompiler {
	t.Helper()
	compiler, err := plugincel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variables {
		result := compiler.CompileAndStoreVariable(&validating.Variable{Name: v.Name, Expression: v.Expression}, options, environment.StoredExpressions)
		if result.Error != nil {
			t.Errorf("variable %s: %v\n%s", v.Name, result.Error, v.Expression)
		}
	}
	return compiler
}

func matcherOf(compiler *plugincel.CompositedCompiler, name string, fails *admissionv1.FailurePolicyType, list []admissionv1.MatchCondition) matchconditions.Matcher {
	var expressions []plugincel.ExpressionAccessor
	for i := range list {
		expressions = append(expressions, (*matchconditions.MatchCondition)(&list[i]))
	}
	return matchconditions.NewMatcher(compiler.CompileCondition(expressions, options, environment.StoredExpressions), fails, "policy", "validate", name)
}

var scheme = func() *runtime.Scheme {
	s := runtime.NewScheme()
	if err := corev1.AddToScheme(s); err != nil {
		panic(err)
	}
	return s
}()

// entry is a request about a pod.
type entry struct {
	policy.Request
}

// attributes are the request as admission sees it.
func (e entry) attributes(pod *corev1.Pod) *admission.VersionedAttributes {
	operation, old := admission.Create, runtime.Object(nil)
	pod = pod.DeepCopy()
	pod.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
	if e.Old != nil {
		o := e.Old.DeepCopy()
		o.TypeMeta = pod.TypeMeta
		operation, old = admission.Update, o
	}
	kind := corev1.SchemeGroupVersion.WithKind("Pod")
	asks := &user.DefaultInfo{Name: e.User.Name, Groups: e.User.Groups}
	a := admission.NewAttributesRecord(pod, old, kind, e.Namespace, pod.Name, corev1.SchemeGroupVersion.WithResource("pods"), e.Subresource, operation, nil, false, asks)
	v := &admission.VersionedAttributes{Attributes: a, VersionedKind: kind, VersionedObject: admission.NewLazyObject(pod)}
	if old != nil {
		v.VersionedOldObject = admission.NewLazyObject(old)
	}
	return v
}

// matches says whether one of the rules takes the request in.
func matches(list []admissionv1.NamedRuleWithOperations, a admission.Attributes) bool {
	resource := a.GetResource().Resource
	if a.GetSubresource() != "" {
		resource += "/" + a.GetSubresource()
	}
	return slices.ContainsFunc(list, func(r admissionv1.NamedRuleWithOperations) bool {
		return slices.Contains(r.APIGroups, a.GetResource().Group) && slices.Contains(r.Resources, resource) &&
			slices.Contains(r.Operations, admissionv1.OperationType(a.GetOperation()))
	})
}

// trusting is RBAC: it allows one user everything, or nobody anything.
type trusting bool

func (t trusting) Authorize(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
	if t {
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionNoOpinion, "", nil
}

// mutate is the pod as the twin stores it.
func (w *twin) mutate(e entry) (*corev1.Pod, error) {
	pod := e.Pod
	for _, m := range w.mutators {
		a := e.attributes(pod)
		if !matches(m.matches, a) {
			continue
		}
		match := m.matcher.Match(context.Background(), a, nil, rbac(e))
		if match.Error != nil {
			return nil, match.Error
		}
		if !match.Matches {
			continue
		}
		object, err := m.patch.Patch(m.compiler.CreateContext(context.Background()), patch.Request{
			MatchedResource: a.GetResource(), VersionedAttributes: a, ObjectInterfaces: interfaces{},
			OptionalVariables: plugincel.OptionalVariableBindings{Authorizer: rbac(e)}, Namespace: namespace(e.Namespace),
		}, celconfig.RuntimeCELCostBudget)
		if err != nil {
			return nil, fmt.Errorf("%s: %s", m.name, cause(err.Error()))
		}
		pod = object.(*corev1.Pod)
	}
	return pod, nil
}

func namespace(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"kubernetes.io/metadata.name": name}}}
}

// judged is what the twin says of a pod, by what comes of it: "core-nodes: ...".
type judged map[admissionv1.ValidationAction][]string

func (w *twin) judge(e entry, pod *corev1.Pod) judged {
	said, a := judged{}, e.attributes(pod)
	for _, j := range w.judges {
		if !matches(j.matches, a) {
			continue
		}
		result := j.validator.Validate(context.Background(), a.GetResource(), a, nil, namespace(e.Namespace), celconfig.RuntimeCELCostBudget, rbac(e))
		for i, d := range result.Decisions {
			if d.Action == validating.ActionAdmit {
				continue
			}
			text := d.Message
			if d.Evaluation == validating.EvalError {
				text = fmt.Sprintf("error in %s, validation %d: %s", j.name, i, cause(d.Message))
			}
			said[j.action] = append(said[j.action], text)
		}
	}
	return said
}

// denied are the rules that refuse, or what went wrong.
func (j judged) denied() []string {
	var ids []string
	for _, text := range j[admissionv1.Deny] {
		id, _, _ := strings.Cut(text, ": ")
		if strings.HasPrefix(text, "error in") {
			id = text
		}
		ids = append(ids, id)
	}
	return ids
}

func rbac(e entry) authorizer.UnconditionalAuthorizer {
	return authorizer.UnconditionalAuthorizer(trusting(e.Trust == policy.Trusted))
}

type interfaces struct{}

func (interfaces) GetObjectCreater() runtime.ObjectCreater     { return scheme }
func (interfaces) GetObjectTyper() runtime.ObjectTyper         { return scheme }
func (interfaces) GetObjectDefaulter() runtime.ObjectDefaulter { return scheme }
func (interfaces) GetObjectConvertor() runtime.ObjectConvertor { return scheme }
func (interfaces) GetEquivalentResourceMapper() runtime.EquivalentResourceMapper {
	return runtime.NewEquivalentResourceRegistry()
}

// cause is an error without the expression that it comes from.
func cause(text string) string {
	if _, after, ok := strings.Cut(text, "resulted in error: "); ok {
		return after
	}
	return text
}

func gvr(a *admission.VersionedAttributes) metav1.GroupVersionResource {
	return metav1.GroupVersionResource(a.GetResource())
}

func gvk(a *admission.VersionedAttributes) metav1.GroupVersionKind {
	return metav1.GroupVersionKind(a.VersionedKind)
}
