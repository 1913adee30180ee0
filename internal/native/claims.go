package native

import (
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// trustVariables say who asks.
func (in *installation) trustVariables() []variable {
	return []variable{
		{"trustedByName", "whether the policy trusts the user with core by name", in.trusts()},
		{"trusted", "whether the policy or RBAC trusts the user with core",
			`variables.trustedByName || authorizer.group("polymoat.io").resource("roles").name("core").check("use").allowed()`},
		{"made", "whether a built-in controller makes it for an owner of its own kind", made(podMakers)},
		{"daemon", "whether the DaemonSet controller asks for a pod of a DaemonSet", controllers("daemon-set-controller") +
			` && variables.owners.exists(o, o.kind == "DaemonSet" && o.?controller.orValue(false))`},
	}
}

func (in *installation) trusts() string {
	t := in.Spec.CoreTrust
	parts := []string{isOneOf("request.userInfo.username", t.Users)}
	for _, group := range t.Groups {
		parts = append(parts, quote(group)+` in request.userInfo.?groups.orValue([])`)
	}
	for _, account := range t.ServiceAccounts {
		if namespace, name, ok := strings.Cut(account, "/"); ok {
			parts = append(parts, `request.userInfo.username == `+quote(v1alpha1.AccountPrefix+namespace+":"+name))
			continue
		}
		parts = append(parts, `request.userInfo.username == "system:serviceaccount:" + request.namespace + ":" + `+quote(account))
	}
	if len(t.Users) == 0 {
		parts = parts[1:]
	}
	return either(parts...)
}

// podMakers and the others are the built-in controllers by the kind of the owner for which they make something.
var (
	podMakers = map[string]string{
		"apps/ReplicaSet": "replicaset-controller", "apps/StatefulSet": "statefulset-controller", "apps/DaemonSet": "daemon-set-controller",
		"batch/Job": "job-controller", "/ReplicationController": "replication-controller",
	}
	replicaSetMakers = map[string]string{"apps/Deployment": "deployment-controller"}
	jobMakers        = map[string]string{"batch/CronJob": "cronjob-controller"}
)

// made is an expression that says whether a built-in controller makes the object for its controlling owner.
func made(makers map[string]string) string {
	users := map[string][]string{}
	for owner, controller := range makers {
		users[owner] = []string{"system:kube-controller-manager", "system:serviceaccount:kube-system:" + controller}
	}
	return say(`variables.owners.filter(o, o.?controller.orValue(false)).map(o, (o.apiVersion.contains("/") ? o.apiVersion.split("/")[0] : "") + "/" + o.kind)[?0]
.optMap(k, request.userInfo.username in <users>[?k].orValue([])).orValue(false)`, "users", lit(users))
}

// claimVariables tell what an object claims by its labels, and claimed before.
func (in *installation) claimVariables() []variable {
	return []variable{
		{"claims", "whether it is Polyaxon itself, or a run with marks of Polyaxon itself", `variables.role == "core" || variables.run != "" && variables.marked`},
		{"wasCore", "whether it was Polyaxon itself before an update", in.isCore("variables.oldLabels", "variables.oldAnnotations", "variables.owners")},
		{"places", "the places among Polyaxon's own pods that its labels take: Services and controllers find them by these", in.places("variables.labels")},
		{"oldPlaces", "those that they took before", in.places("variables.oldLabels")},
	}
}

// isCore is an expression that says by labels and annotations whether a pod is core's.
func (in *installation) isCore(labels, annotations, owners string) string {
	text := "false"
	rows := in.rows()
	for _, row := range slices.Backward(rows) {
		s := row.Signal
		marks := signalMarks(s, labels, annotations)
		if isContent(s) || s.Role != "" && s.Role != v1alpha1.RoleOther || len(marks) == 0 && s.Role == "" {
			continue // it says nothing of a pod that is no run
		}
		text = say(`<holds> ? <core> : <rest>`, "holds", chain(" && ", "true", marks), "core", lit(row.Role == v1alpha1.RoleCore), "rest", text)
	}
	marked := "(" + in.core(labels, owners) + ")"
	if in.coreRole() != v1alpha1.RoleCore {
		return "!" + isRun(labels) + " && (" + text + ")"
	}
	return "!" + isRun(labels) + " && (" + marked + " || (" + text + "))"
}

// places lists by name what labels alone make Services and controllers of Polyaxon's take for its own.
func (in *installation) places(labels string) string {
	components := make([]string, len(in.marks.OwnComponents))
	for i, name := range in.marks.OwnComponents {
		components[i] = in.Spec.Release + "-polyaxon-" + name
	}
	return say(`["app.kubernetes.io/name", "app"].filter(k, <labels>[?k].orValue("") in <components>).map(k, <labels>[k])[?0].optMap(n, [n]).orValue([]) +
(<operator> ? ["operator " + <labels>["app"]] : []) +
(<dependency> ? ["dependency " + <labels>[?"app"].orValue("") + " " + <labels>[?"app.kubernetes.io/name"].orValue("")] : [])`,
		"labels", labels, "components", lit(components), "operator", in.operatorIs(labels), "dependency", in.dependencyIs(labels))
}

const claimMessage = "it claims to be Polyaxon itself, or changes what is, and the user is not trusted with that; remove the label, or have it " +
	`created by those that the policy names in coreTrust, or that may "use" roles.polymoat.io "core"`

// claimRules is the rule on claims of core.
func (in *installation) claimRules() []rule {
	return []rule{{"core-claim", `(request.operation == "CREATE" ? !variables.claims && variables.places.size() == 0 : variables.wasCore ?
!variables.replaced && !variables.rerouted && object.spec.?activeDeadlineSeconds == oldObject.spec.?activeDeadlineSeconds &&
object.spec.?schedulingGates == oldObject.spec.?schedulingGates &&
object.spec.?terminationGracePeriodSeconds == oldObject.spec.?terminationGracePeriodSeconds && variables.places.all(p, p in variables.oldPlaces) :
!(variables.claims && (variables.renamed || variables.fresh)) && variables.places.all(p, !variables.fresh && p in variables.oldPlaces)) ||
variables.made || variables.trusted`, claimMessage}}
}

// statusRules is the rule on the statuses of pods.
func (in *installation) statusRules() []rule {
	return []rule{{"pod-status", say(`request.operation == "CREATE" || (<schedules> || object.?status.nominatedNodeName.orValue("") == "" ||
object.status.nominatedNodeName == oldObject.?status.nominatedNodeName.orValue("")) &&
(<writers> || request.userInfo.username == "system:node:" + variables.nodeName && "system:nodes" in request.userInfo.?groups.orValue([]) ||
variables.sameStatus || !(variables.claims || variables.wasCore || variables.wasBorrowed) || variables.trusted)`,
		"schedules", isOneOf("request.userInfo.username", append([]string{kubeScheduler}, in.Spec.BindingUsers...)),
		"writers", isOneOf("request.userInfo.username", []string{
			kubeScheduler, "system:kube-controller-manager", "system:serviceaccount:kube-system:node-controller", "system:serviceaccount:kube-system:pod-garbage-collector",
			"system:serviceaccount:kube-system:disruption-controller", "system:serviceaccount:kube-system:resource-claim-controller",
			"system:serviceaccount:kube-system:device-taint-eviction-controller",
		})), "only kube-scheduler and bindingUsers may nominate pods for nodes, and only kubelets, Kubernetes' own controllers and users trusted with core may write the status of core pods"}}
}

// statusVariables are behind the rule on statuses.
func (in *installation) statusVariables() []variable {
	same := []string{}
	for _, name := range []string{
		"allocatedResources", "containerStatuses", "hostIP", "hostIPs", "initContainerStatuses", "phase", "podIP", "podIPs", "resources",
	} {
		same = append(same, say(`object.?status.<name> == oldObject.?status.<name>`, "name", name))
	}
	return []variable{
		{"wasBorrowed", "whether it was a run with marks of Polyaxon itself", isRun("variables.oldLabels") + " && (" + in.core("variables.oldLabels", "variables.owners") + ")"},
		{"sameStatus", "whether an update leaves alone what others act on", strings.Join(same, " &&\n") + ` &&
["ContainersReady", "Initialized", "PodScheduled", "Ready"].all(t, object.?status.conditions.orValue([]).filter(c, c.type == t) ==
oldObject.?status.conditions.orValue([]).filter(c, c.type == t))`},
	}
}
