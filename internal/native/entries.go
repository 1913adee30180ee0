package native

import (
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

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
				"and users trusted with core, may write ControllerRevisions while polymoat's webhook is away"})
	}
	var expressions []string
	for _, v := range p.Spec.Validations {
		expressions = append(expressions, v.Expression)
	}
	p.Spec.Variables = variablesOf(needed(in.entryVariables(), expressions...))
	return p
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
