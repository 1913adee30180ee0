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
	for _, r := range in.podRules() {
		if expression := in.inMode(r, mode); expression != "true" {
			p.Spec.Validations = append(p.Spec.Validations, admissionv1.Validation{Expression: expression, Message: r.id + ": " + r.message})
			expressions = append(expressions, expression)
		}
	}
	if mode == v1alpha1.Enforce {
		expression := commented("an override that is not honoured here is refused: its author relies on it",
			`!(variables.renamed || variables.overridden) || variables.understood`)
		p.Spec.Validations = append(p.Spec.Validations, admissionv1.Validation{Expression: expression, Message: overrideMessage})
		expressions = append(expressions, expression)
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
			{"overridden", "whether an update changes an override", say(`request.operation == "UPDATE" && (variables.annotations.exists(k, k.lowerAscii().startsWith("polymoat.io/") &&
variables.oldAnnotations[?k] != variables.annotations[?k]) || variables.labels.exists(k, k.lowerAscii().startsWith("polymoat.io/") && variables.oldLabels[?k] != variables.labels[?k]))`)},
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
<<<<<<< HEAD

// inMode is an expression that holds where a rule has nothing against a pod, or is of another mode for it.
func (in *installation) inMode(r rule, mode v1alpha1.Mode) string {
	if r.ok == "true" {
		return "true"
	}
	applies := in.applies(r.id, mode)
	if applies == "false" {
		return "true"
	}
	expression := "variables." + r.variable()
	if applies != "true" {
		expression += " || !(" + applies + ")"
	}
	if mode == v1alpha1.Enforce && in.isLifted(r.id) {
		expression += " || variables.excused"
	}
	return expression
}

// applies is an expression that says whether the strictest mode of a rule, for all roles that the pod has, is that mode.
func (in *installation) applies(id string, mode v1alpha1.Mode) string {
	roles := `variables.roles`
	if id == "core-claim" {
		roles = `(variables.roles + ["core"])`
	}
	names := in.where(func(v1alpha1.Role) bool { return true })
	stricter := func(m v1alpha1.Mode) bool { return m == mode || m.StricterThan(mode) }
	var parts []string
	always, never := true, true
	for _, ns := range in.Spec.Namespaces {
		var same, above []string
		for _, role := range names {
			m := v1alpha1.ModeOf(in.Spec.Modes, ns, role, id)
			if m == mode {
				same = append(same, role)
			}
			if stricter(m) && m != mode {
				above = append(above, role)
			}
		}
		always = always && len(same) == len(names)
		never = never && len(same) == 0
		if len(same) > 0 {
			parts = append(parts, say(`request.namespace == <ns> && <roles>.exists(r, r in <same>) && !<roles>.exists(r, r in <above>)`,
				"ns", quote(ns), "roles", roles, "same", lit(same), "above", lit(append([]string{}, above...))))
		}
	}
	switch {
	case always:
		return "true"
	case never:
		return "false"
	}
	return either(parts...)
}

// isLifted says whether any exception lifts the rule.
func (in *installation) isLifted(id string) bool {
	return slices.ContainsFunc(in.Spec.Exceptions, func(e v1alpha1.Exception) bool { return slices.Contains(e.Rules, id) })
}

// violated are the rules that would refuse the pod.
func (in *installation) violated() variable {
	text := "[]"
	for _, r := range in.podRules() {
		if applies := in.applies(r.id, v1alpha1.Enforce); applies != "false" && r.ok != "true" {
			text += say(" +\n"+`(variables.<name> || !(<applies>) ? [] : [<id>])`, "name", r.variable(), "applies", applies, "id", quote(r.id))
		}
	}
	return variable{"violated", "the rules that would refuse it", text}
}

// excused says whether one exception lifts all rules that would refuse the pod. They end: the clock is the time at which
// the API server makes the pod.
func (in *installation) excused() variable {
	var parts []string
	for _, e := range in.Spec.Exceptions {
		parts = append(parts, say(`request.namespace in <namespaces> && variables.roles.all(r, r in <roles>) &&
string(object.metadata.?creationTimestamp.orValue("9")) < <until> && variables.violated.all(v, v in <rules>)`,
			"namespaces", lit(e.Namespaces), "roles", lit(e.Roles), "until", quote(string(e.Expires)+"T99"), "rules", lit(e.Rules)))
	}
	return variable{"excused", "whether one exception lifts them all, on its last day or before", `request.operation == "CREATE" && (` + either(parts...) + `)`}
}

// entryJudge is the policy on Bindings, on what claims core before there is a pod, and on mirror pods.
func (in *installation) entryJudge(name string, mode v1alpha1.Mode) admissionv1.ValidatingAdmissionPolicy {
	p := in.judge(name, "entries", mode)
	create, both := []admissionv1.OperationType{admissionv1.Create}, []admissionv1.OperationType{admissionv1.Create, admissionv1.Update}
	p.Spec.MatchConstraints = in.matches(
		rules([]string{""}, create, "bindings", "pods/binding"),
		rules([]string{""}, both, "pods", "replicationcontrollers", "podtemplates"),
		rules([]string{"apps"}, both, "deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions"),
		rules([]string{"batch"}, both, "jobs", "cronjobs"))
	p.Spec.MatchConditions = []admissionv1.MatchCondition{{Name: "no-pod-but-a-mirror-pod", Expression: `request.resource.resource != "pods" || request.?subResource.orValue("") == "binding" || !(` + notMirror + `)`}}
	if in.strictest(policy.RuleBinding, "") == mode {
		p.Spec.Validations = append(p.Spec.Validations, admissionv1.Validation{
			Expression: `request.resource.resource != "bindings" && request.?subResource.orValue("") != "binding" || ` +
				isOneOf("request.userInfo.username", append([]string{kubeScheduler}, in.Spec.BindingUsers...)),
			Message: policy.RuleBinding + ": only kube-scheduler and the users that the policy names in bindingUsers may choose the node of a pod",
		})
	}
	if in.strictest("core-claim", in.where(func(v1alpha1.Role) bool { return true })...) == mode {
		p.Spec.Validations = append(p.Spec.Validations,
			admissionv1.Validation{Expression: `request.resource.resource in ["bindings", "controllerrevisions"] || request.?subResource.orValue("") == "binding" || variables.earned`, Message: "core-claim: " + claimMessage},
			admissionv1.Validation{Expression: `request.resource.resource != "controllerrevisions" || variables.revises`, Message: "core-claim: only the controllers of StatefulSets and DaemonSets, " +
				"and whoever is trusted with core, may write ControllerRevisions while polymoat's webhook is away"})
	}
	var expressions []string
	for _, v := range p.Spec.Validations {
		expressions = append(expressions, v.Expression)
	}
	p.Spec.Variables = variablesOf(needed(in.entryVariables(), expressions...))
	return p
}

// strictest is the strictest mode of a rule in all namespaces and for all of the roles.
func (in *installation) strictest(id string, roles ...string) v1alpha1.Mode {
	mode := v1alpha1.Audit
	for _, ns := range in.Spec.Namespaces {
		for _, role := range roles {
			if m := v1alpha1.ModeOf(in.Spec.Modes, ns, role, id); m.StricterThan(mode) {
				mode = m
			}
		}
	}
	return mode
}

func (in *installation) entryVariables() []variable {
	vars := []variable{
		{"labels", "the labels of the object", `object.metadata.?labels.orValue({})`},
		{"oldLabels", "the labels before an update", `request.operation == "CREATE" ? {} : oldObject.metadata.?labels.orValue({})`},
		{"owners", "who owns it", `object.metadata.?ownerReferences.orValue([])`},
		{"template", "what its pods are made of", templateOf("object")},
		{"oldTemplate", "what they were made of before", `request.operation == "CREATE" ? optional.none() : ` + templateOf("oldObject")},
		{"podLabels", "the labels of its pods", `variables.template.?metadata.labels.orValue({})`},
		{"podAnnotations", "their annotations", `variables.template.?metadata.annotations.orValue({})`},
		{"oldPodLabels", "the labels of its pods before", `variables.oldTemplate.?metadata.labels.orValue({})`},
		{"oldPodAnnotations", "their annotations before", `variables.oldTemplate.?metadata.annotations.orValue({})`},
		{"podOwners", "who owns its pods, where that tells Helm hooks",
			`request.kind.kind == "Job" ? [{"kind": dyn("Job"), "name": dyn(object.metadata.name), "controller": dyn(true)}] :
request.kind.kind == "CronJob" && variables.podLabels[?"app.kubernetes.io/name"].orValue("").startsWith("<release>-polyaxon-") ?
[{"kind": dyn("Job"), "name": dyn("<release>" + variables.podLabels["app.kubernetes.io/name"].substring(<skip>)), "controller": dyn(true)}] :
[{"kind": dyn("Job"), "name": dyn(object.metadata.name + "-0"), "controller": dyn(request.kind.kind == "CronJob")}]`},
		{"none", "no owners", `[]`},
		{"podsClaim", "whether its pods claim to be Polyaxon itself", in.claims("variables.podLabels", "variables.podAnnotations", "variables.podOwners")},
		{"podsWere", "whether they were before", in.isCore("variables.oldPodLabels", "variables.oldPodAnnotations", "variables.podOwners")},
		{"claim", "whether its own labels do", in.claims("variables.labels", "{}", "variables.none")},
		{"claimed", "whether they did before", in.claims("variables.oldLabels", "{}", "variables.none")},
		{"podPlaces", "the places among Polyaxon's own pods that its pods take", in.places("variables.podLabels")},
		{"oldPodPlaces", "those that they took before", in.places("variables.oldPodLabels")},
		{"places", "the places that its own labels take", in.places("variables.labels")},
		{"oldPlaces", "those that they took before", in.places("variables.oldLabels")},
		{"made", "whether a built-in controller makes it for an owner that was judged", `request.kind.kind == "ReplicaSet" ? ` + made(replicaSetMakers) + ` : request.kind.kind == "Job" && ` + made(jobMakers)},
	}
	for i := range vars {
		vars[i].text = strings.NewReplacer("<release>", in.Spec.Release, "<skip>", number(len(in.Spec.Release)+len("-polyaxon"))).Replace(vars[i].text)
	}
	vars = append(vars, in.trustVariables()[:2]...)
	return append(vars,
		variable{"earned", "whether it claims nothing that the user is not trusted with, or nothing that it did not before", `(request.operation == "UPDATE" && variables.template == variables.oldTemplate || !variables.podsWere && !variables.podsClaim && variables.podPlaces.all(p, p in variables.oldPodPlaces)) &&
(!variables.claim || variables.claimed) && variables.places.all(p, p in variables.oldPlaces) || variables.made || variables.trusted`},
		variable{"revises", "whether the user may write a revision", say(`<controllers> || request.operation == "UPDATE" &&
(object.metadata.?labels == oldObject.metadata.?labels && object.metadata.?ownerReferences == oldObject.metadata.?ownerReferences && object.revision == oldObject.revision ||
<collector> && !oldObject.metadata.?ownerReferences.orValue([]).exists(o, o.?controller.orValue(false) && !(o.kind in ["StatefulSet", "DaemonSet"]))) || variables.trusted`,
			"controllers", controllers("statefulset-controller", "daemon-set-controller"), "collector", "("+controllers("generic-garbage-collector")+")")})
}

// claims is an expression that says whether labels claim core, or are those of a run with marks of core.
func (in *installation) claims(labels, annotations, owners string) string {
	return in.isCore(labels, annotations, owners) + " ||\n" + isRun(labels) + " && (" + in.core(labels, owners) + ")"
}

// templateOf is an optional expression for the pod template of an object; a mirror pod is one itself.
func templateOf(object string) string {
	return say(`request.kind.kind == "Pod" ? optional.of(<object>) : request.kind.kind == "PodTemplate" ? <object>.?template : request.kind.kind == "CronJob" ?
<object>.?spec.jobTemplate.spec.template : <object>.?spec.template`, "object", object)
}
=======
>>>>>>> s20
