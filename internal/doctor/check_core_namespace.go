package doctor

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
)

// ownNamespace is how runs leave the namespace of core. internal/siege/README.md says the rest.
const ownNamespace = "helm upgrade RELEASE polyaxon/polyaxon --namespace %s --reuse-values --set agent.additionalNamespaces={NAMESPACE} " +
	"# then govern NAMESPACE, too, and grant users rights there alone: internal/siege/README.md"

// coreNamespace finds namespaces that core and runs share. polymoat judges pods and workloads; whatever else there is in a
// namespace is reached by whoever may write there, and Secrets and ConfigMaps by every run.
func coreNamespace(v View) []Finding {
	shared := sets.List(namespacesOf(v.identified(isCore)).Intersection(namespacesOf(v.identified(isRun))))
	if len(shared) == 0 {
		return nil
	}
	return []Finding{{
		Severity: Warning,
		What:     fmt.Sprintf("Polyaxon's core and runs share the %s %s.", are(shared, "namespace", "namespaces"), named(shared)),
		Why:      "A run can mount the Secrets of core, and anyone who may write there reaches core without a pod on its nodes.",
		Fix:      fmt.Sprintf(ownNamespace, shared[0]),
	}}
}

// coreInputs are what core reads, is reached by and is limited by. polymoat is not asked about any of it.
var coreInputs = []right{
	{resource: "configmaps"}, {resource: "secrets"}, {resource: "services"}, {resource: "limitranges"}, {resource: "resourcequotas"},
	{group: "policy", resource: "poddisruptionbudgets"},
}

// mayChangeCore finds who may write those, or run commands in core's containers, beside core's own service accounts.
// Those that are called default are anybody's: a run that names no account has it.
func mayChangeCore(v View) []Finding {
	rights := []right{{verb: "create", resource: "pods/exec"}}
	for _, verb := range []string{"create", "update", "patch", "delete"} {
		for _, r := range coreInputs {
			rights = append(rights, right{verb: verb, group: r.group, resource: r.resource})
		}
	}
	var found []Finding
	core := v.identified(isCore)
	for _, namespace := range sets.List(namespacesOf(core)) {
		who := slices.DeleteFunc(v.outsiders(rights, namespace), func(name string) bool {
			return slices.ContainsFunc(core, func(pod *corev1.Pod) bool {
				account := pod.Spec.ServiceAccountName
				return account != "default" && name == accountName(pod.Namespace, account)
			})
		})
		if len(who) == 0 {
			continue
		}
		found = append(found, Finding{
			Severity: Warning,
			What: fmt.Sprintf("In namespace %q, ConfigMaps, Secrets, Services, LimitRanges, ResourceQuotas or PodDisruptionBudgets can be written, "+
				"or commands run in pods, by %s.", namespace, named(who)),
			Why: "Polyaxon's core reads them, is reached by them and is limited by them, and polymoat is not asked about any.",
			Fix: fmt.Sprintf(ownNamespace, namespace),
		})
	}
	return found
}

func namespacesOf(pods []*corev1.Pod) sets.Set[string] {
	names := sets.New[string]()
	for _, pod := range pods {
		names.Insert(pod.Namespace)
	}
	return names
}
