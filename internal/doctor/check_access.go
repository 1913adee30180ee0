package doctor

import "fmt"

// mayBind finds who is a scheduler besides the cluster's own: a Binding looks at no taint and no affinity. The rule
// "binding" refuses those of users that the policy does not name, so it is no more than worth knowing.
func mayBind(v View) []Finding {
	who := v.may([]right{{verb: "create", resource: "pods/binding"}, {verb: "create", resource: "bindings"}}, v.governed()...)
	if len(who) == 0 {
		return nil
	}
	return []Finding{{
		Severity: Info,
		What:     fmt.Sprintf("Pods of governed namespaces can be bound to nodes by %s.", named(who)),
		Why:      "A binding bypasses the scheduler; only the rule \"binding\" refuses it, and it is not enforced in every mode.",
		Fix:      whoMay("create", "pods/binding"),
	}}
}

// mayChangeNodes finds who could take the label or the taint from a core node, or give it to another.
func mayChangeNodes(v View) []Finding {
	who := v.may([]right{{verb: "patch", resource: "nodes"}, {verb: "update", resource: "nodes"}})
	if len(who) == 0 {
		return nil
	}
	return []Finding{{
		Severity: Warning,
		What:     fmt.Sprintf("Labels and taints of nodes can be changed by %s.", named(who)),
		Why:      "Anyone who makes a core node look like another one gets runs onto it, and polymoat cannot see it.",
		Fix:      whoMay("patch", "nodes"),
	}}
}

// mayClaimCore finds who is trusted with core by RBAC, and is no cluster administrator.
func mayClaimCore(v View) []Finding {
	who := v.may([]right{{"use", "polymoat.io", "roles", "core"}})
	if len(who) == 0 {
		return nil
	}
	return []Finding{{
		Severity: Info,
		What:     fmt.Sprintf("Pods that land on core nodes can be created by %s.", named(who)),
		Why:      "RBAC lets them use the role core: they should be those who deploy Polyaxon, and nobody else.",
		Fix:      whoMay("use", "roles.polymoat.io/core"),
	}}
}

// mayActAsPolymoat finds who could have the token or the key of the server: by a pod of theirs in its namespace, by a
// command in one of its own, by a new token, or by a Secret.
func mayActAsPolymoat(v View) []Finding {
	namespace := v.Deployment.Namespace
	rights := []right{
		{verb: "create", resource: "pods/exec"}, {verb: "get", resource: "pods/exec"},
		{verb: "create", resource: "pods/attach"}, {verb: "get", resource: "pods/attach"},
		{verb: "update", resource: "pods/ephemeralcontainers"}, {verb: "patch", resource: "pods/ephemeralcontainers"},
		{verb: "create", resource: "serviceaccounts/token"}, {verb: "impersonate", resource: "serviceaccounts"},
		{verb: "get", resource: "secrets"}, {verb: "list", resource: "secrets"}, {verb: "watch", resource: "secrets"},
	}
	for _, verb := range []string{"create", "update", "patch"} {
		for _, r := range podMakers {
			rights = append(rights, right{verb: verb, group: r.group, resource: r.resource})
		}
	}
	who := v.outsiders(rights, namespace)
	if len(who) == 0 {
		return nil
	}
	return []Finding{{
		Severity: Warning,
		What:     fmt.Sprintf("In namespace %q, pods or tokens can be made, commands run in pods, or Secrets read by %s.", namespace, named(who)),
		Why:      "Anyone who has the token of polymoat's service account, or the key of its certificate, can act in its place.",
		Fix:      whoMay("create", "pods -n "+namespace),
	}}
}

// podMakers are the built-in kinds that become pods.
var podMakers = []right{
	{resource: "pods"}, {resource: "replicationcontrollers"},
	{group: "apps", resource: "deployments"}, {group: "apps", resource: "replicasets"},
	{group: "apps", resource: "statefulsets"}, {group: "apps", resource: "daemonsets"},
	{group: "batch", resource: "jobs"}, {group: "batch", resource: "cronjobs"},
}

// mayChangePolymoat finds who could switch polymoat off.
func mayChangePolymoat(v View) []Finding {
	configuration, policy := configurationName(v.Deployment), PolicyMap(v.Deployment.Spec.Template.Spec)
	var rights []right
	for _, verb := range []string{"patch", "update", "delete"} {
		rights = append(rights,
			right{verb, "admissionregistration.k8s.io", "validatingwebhookconfigurations", configuration},
			right{verb, "admissionregistration.k8s.io", "mutatingwebhookconfigurations", configuration},
			right{verb, "admissionregistration.k8s.io", "validatingadmissionpolicies", configuration},
			right{verb, "admissionregistration.k8s.io", "validatingadmissionpolicybindings", configuration},
			right{verb, "apps", "deployments", v.Deployment.Name},
			right{verb, "", "configmaps", policy})
	}
	who := v.may(rights, v.Deployment.Namespace)
	if len(who) == 0 {
		return nil
	}
	return []Finding{{
		Severity: Warning,
		What:     fmt.Sprintf("polymoat's webhooks, Deployment or policy can be changed by %s.", named(who)),
		Why:      "Anyone who changes them decides what is judged.",
		Fix:      whoMay("patch", "validatingwebhookconfigurations/"+configuration),
	}}
}

// whoMay is the command that shows where a right comes from.
func whoMay(verb, resource string) string {
	return "kubectl get clusterrolebindings,rolebindings -A -o wide # then, for each: kubectl auth can-i " + verb + " " + resource + " --as=USER"
}
