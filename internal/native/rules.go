package native

import (
	"slices"
	"strings"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// rule is one rule as an expression that holds where it has nothing against a pod, and the sentence where it has.
type rule struct{ id, ok, message string }

// variable is the name of the rule among the variables: "okCoreNodes".
func (r rule) variable() string {
	parts := strings.Split(r.id, "-")
	for i := range parts {
		parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
	}
	return "ok" + strings.Join(parts, "")
}

const kubeScheduler = "system:kube-scheduler"

// controllers is an expression that says whether a built-in controller asks: under its own account, or under the one name
// of all of them.
func controllers(names ...string) string {
	users := []string{"system:kube-controller-manager"}
	for _, name := range names {
		users = append(users, "system:serviceaccount:kube-system:"+name)
	}
	return isOneOf("request.userInfo.username", users)
}

// updates are the variables that say what an update changes.
func (in *installation) updates() []variable {
	labels, annotations := in.markKeys()
	return []variable{
		{"oldLabels", "the labels before an update", `request.operation == "CREATE" ? {} : oldObject.metadata.?labels.orValue({})`},
		{"oldAnnotations", "the annotations before it", `request.operation == "CREATE" ? {} : oldObject.metadata.?annotations.orValue({})`},
		{"replaced", "whether an update runs other images", `request.operation == "UPDATE" &&
(object.spec.containers.map(c, c.image) != oldObject.spec.containers.map(c, c.image) ||
object.spec.?initContainers.orValue([]).map(c, c.image) != oldObject.spec.?initContainers.orValue([]).map(c, c.image))`},
		{"fresh", "whether no scheduler has looked at the pod before", `request.operation == "CREATE" ||
oldObject.spec.?schedulingGates.orValue([]).size() > 0 && object.spec.?schedulingGates.orValue([]).size() == 0`},
		{"overridden", "whether an update changes an override", `request.operation == "UPDATE" &&
[[variables.annotations, variables.oldAnnotations], [variables.labels, variables.oldLabels]].exists(p,
p[0].exists(k, k.lowerAscii().startsWith("polymoat.io/") && p[1][?k] != p[0][?k]) || p[1].exists(k, k.lowerAscii().startsWith("polymoat.io/") && !(k in p[0])))`},
		{"renamed", "whether it is new, or may have another role than before", say(`request.operation == "CREATE" || variables.replaced || variables.overridden ||
<labels>.exists(k, variables.labels[?k] != variables.oldLabels[?k]) || <annotations>.exists(k, variables.annotations[?k] != variables.oldAnnotations[?k])`,
			"labels", lit(labels), "annotations", lit(annotations))},
		{"rerouted", "whether it is new, or an update changes where it may land", `request.operation == "CREATE" || object.spec.?nodeSelector != oldObject.spec.?nodeSelector ||
object.spec.?affinity != oldObject.spec.?affinity || object.spec.?tolerations != oldObject.spec.?tolerations`},
		{"moves", "whether the rules on nodes look at it", `variables.fresh || variables.renamed || variables.rerouted`},
		{"debuggers", "the ephemeral containers that are added", `request.operation == "CREATE" ? object.spec.?ephemeralContainers.orValue([]) :
object.spec.?ephemeralContainers.orValue([]).filter(c, !oldObject.spec.?ephemeralContainers.orValue([]).exists(o, o.name == c.name))`},
	}
}

// landingRules are the rules about where a pod may run.
func (in *installation) landingRules() []rule {
	guards := in.where(in.guardsCore)
	return []rule{
		{"core-nodes", `!variables.moves || !variables.numbers && variables.lands.size() == 0`, "the pod could land on a node of a protected pool, which its role may not use; " +
			"drop the toleration, or select a node pool of its own"},
		{"node-name", say(`variables.nodeName == "" || !variables.fresh && variables.nodeName == oldObject.spec.?nodeName.orValue("") ||
<named> || variables.daemon`, "named", isOneOf("request.userInfo.username", append([]string{kubeScheduler}, in.Spec.NodeNameUsers...))),
			"spec.nodeName bypasses the scheduler and every taint; remove it"},
		{"node-pool", `!variables.moves || !variables.numbers && (variables.mine.size() > 0 ? variables.ownChosen.size() > 0 : ` + possible(in.free(), "variables.selector", "variables.terms") + `.size() > 0)`,
			"spec.nodeSelector or required node affinity asks for nodes that the role may not use; remove it"},
		{"pod-affinity", say(`<guards> || !(variables.renamed || variables.rerouted) ||
object.spec.?affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.orValue([]).all(t,
t.topologyKey == "kubernetes.io/hostname" && t.?namespaces.orValue([]).all(n, n == request.namespace) && !has(t.namespaceSelector) ||
t in <own>[?variables.role].orValue([]))`,
			"guards", "("+isOneOf("variables.role", guards)+")", "own", lit(in.wished(wish{"podAntiAffinity", requiredTerms}))),
			"required pod anti-affinity may keep away from one node (kubernetes.io/hostname) of its own namespace, and from no more"},
		{"core-debug", say(`variables.debuggers.size() == 0 || <named> || variables.trustedByName || !(<guards>) && (variables.nodeName == "" || !variables.numbers && variables.lands.size() == 0)`,
			"named", isOneOf("request.userInfo.username", in.Spec.DebugUsers), "guards", isOneOf("variables.role", guards)),
			"the pod may run on a protected node, where only those that the policy names in debugUsers may add ephemeral containers"},
	}
}

// listRules are the rules about names that an administrator set up.
func (in *installation) listRules() []rule {
	list := func(id, name, none string, of func(v1alpha1.Role) []string) rule {
		table := perRole(in, func(r v1alpha1.Role) ([]string, bool) { return of(r), of(r) != nil })
		if len(table) == 0 {
			return rule{id, "true", ""}
		}
		return rule{id, say(`!variables.renamed || object.spec.?<name>.orValue("") in ["", <none>] ||
variables.roles.all(r, !(r in <table>) || object.spec.<name> in <table>[r])`, "name", name, "none", quote(none), "table", lit(table)),
			"spec." + name + " is none that the role may set; remove it"}
	}
	accounts := say(`!(variables.fresh || variables.renamed) || variables.role == "core" || variables.account in ["", "default"] ||
!(request.namespace + "/" + variables.account in <accounts>) || variables.requester && variables.run == "experiments" && !("app.kubernetes.io/part-of" in variables.labels) &&
request.userInfo.username == "system:serviceaccount:" + request.namespace + ":" + variables.account`, "accounts", lit(in.accounts))
	groups := []string{} // none is a list, too
	for _, r := range in.roles {
		if r.SchedulingGroups == v1alpha1.AllowGroups {
			groups = append(groups, r.Name)
		}
	}
	group := say(`!variables.fresh || !has(object.spec.schedulingGroup) || variables.role == "core" || variables.roles.all(r, r in <groups>)`, "groups", lit(groups))
	return []rule{
		list("scheduler-name", "schedulerName", "default-scheduler", func(r v1alpha1.Role) []string { return r.SchedulerNames }),
		list("runtime-class", "runtimeClassName", "", func(r v1alpha1.Role) []string { return r.RuntimeClassNames }),
		list("priority-class", "priorityClassName", "", func(r v1alpha1.Role) []string { return r.PriorityClassNames }),
		{"scheduling-group", group, "spec.schedulingGroup puts the pod into a group, which may evict others in the whole cluster; remove it"},
		{"service-account", accounts, "spec.serviceAccountName is an account that the policy names, which the role may not use; remove it or name another account"},
	}
}

// levelRules are the rules about the rights of a pod on its node.
func (in *installation) levelRules() []rule {
	root := say(`variables.held.all(c, <exempt> || c.?securityContext.runAsUser.or(variables.podContext.?runAsUser).hasValue() ?
<exempt> || c.?securityContext.runAsUser.orValue(variables.podContext.?runAsUser.orValue(1)) != 0 :
c.?securityContext.runAsNonRoot.orValue(variables.podContext.?runAsNonRoot.orValue(false)))`, "exempt", exempt("c"))
	group := say(`variables.held.all(c, <exempt> || (c.?securityContext.runAsGroup.or(variables.podContext.?runAsGroup).hasValue() ?
c.?securityContext.runAsGroup.or(variables.podContext.?runAsGroup).value() != 0 : !c.?securityContext.runAsUser.or(variables.podContext.?runAsUser).hasValue())) &&
(!variables.judged || variables.held.size() > 0 && variables.held.all(c, <exempt>) || variables.podContext.?fsGroup.orValue(1) != 0 &&
!(0 in variables.podContext.?supplementalGroups.orValue([])))`, "exempt", exempt("c"))
	return []rule{
		{"run-as-root", `variables.shadowed || variables.level != "restricted" || variables.windows || ` + root, "containers must not run as root, nor leave their user to the image; set runAsNonRoot to true, or runAsUser to a uid above 0"},
		{"run-as-root-group", `variables.shadowed || variables.level != "restricted" || variables.windows || ` + group, "containers must not run as group 0; set runAsGroup to a gid above 0"},
		{"pod-security", `variables.shadowed || variables.level == "privileged" ? true : variables.windows && variables.level == "restricted" ? !variables.judged :
` + strings.Join([]string{"variables.standardPod", "variables.standardIdentity", "variables.standardContainers", "variables.standardVolumes"}, " && "),
			"the pod violates the Pod Security Standard that its role is held to"},
	}
}

// podRules are all rules about pods, in the order of the webhook.
func (in *installation) podRules() []rule {
	rules := slices.Concat(in.claimRules(), in.landingRules(), in.listRules(), in.statusRules(), in.levelRules())
	slices.SortStableFunc(rules, func(a, b rule) int { return place(a) - place(b) })
	return rules
}

// place is where a rule stands among those of the webhook; what is no rule of it comes first.
func place(r rule) int {
	return slices.IndexFunc(policy.Rules(), func(o policy.Rule) bool { return o.ID == r.id })
}
