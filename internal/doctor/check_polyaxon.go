package doctor

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/polyaxon"
)

// coreApart finds nodes that core and runs share: what polymoat is for, but for pods that were there before it.
func coreApart(v View) []Finding {
	ofRuns := map[string]bool{}
	for _, pod := range v.identified(isRun) {
		ofRuns[pod.Spec.NodeName] = true
	}
	var shared []string
	for _, pod := range v.identified(isCore) {
		if pod.Spec.NodeName != "" && ofRuns[pod.Spec.NodeName] {
			shared = append(shared, pod.Spec.NodeName)
		}
	}
	if len(shared) == 0 {
		return nil
	}
	return []Finding{{
		Severity: Warning,
		What:     fmt.Sprintf("Polyaxon's core and runs share %s.", nodes(slices.Compact(slices.Sorted(slices.Values(shared))))),
		Why:      "A run that takes all memory or disk of the node takes Polyaxon's API or database with it.",
		Fix:      "kubectl cordon " + shared[0] + " && kubectl drain " + shared[0] + " --ignore-daemonsets --delete-emptydir-data # then uncordon it: what is created again is placed",
	}}
}

// database finds a bundled PostgreSQL that loses data with its pod, or that is alone.
func database(v View) []Finding {
	var found []Finding
	var all []*corev1.Pod
	for _, pod := range v.identified(isCore) {
		if isDatabase(pod) {
			all = append(all, pod)
		}
	}
	for _, pod := range all {
		if claims(pod) {
			continue
		}
		found = append(found, Finding{
			Severity: Error,
			What:     fmt.Sprintf("Database pod %q in namespace %q keeps its data on no PersistentVolumeClaim.", pod.Name, pod.Namespace),
			Why:      "When the pod goes, so does everything that Polyaxon knows of its runs.",
			Fix:      "helm upgrade RELEASE polyaxon/polyaxon --namespace " + pod.Namespace + " --reuse-values --set " + persistence(pod) + ".enabled=true",
		})
	}
	if len(all) == 1 {
		found = append(found, Finding{
			Severity: Warning,
			What:     fmt.Sprintf("Database pod %q in namespace %q is the only one.", all[0].Name, all[0].Namespace),
			Why:      "While it moves to another node, Polyaxon is down; its production guide asks for an external or a replicated database.",
			Fix:      "helm upgrade RELEASE polyaxon/polyaxon --namespace " + all[0].Namespace + " --reuse-values --set postgresql.enabled=false --set externalServices.postgresql.host=HOST",
		})
	}
	return found
}

// isDatabase says whether a core pod is a bundled PostgreSQL: charts of 2.x name it by app.kubernetes.io/name, those
// before by app, with the release in front up to 0.4.
func isDatabase(pod *corev1.Pod) bool {
	app := pod.Labels["app"]
	return pod.Labels["app.kubernetes.io/name"] == "postgresql" || app == "postgresql" || strings.HasSuffix(app, "-postgresql")
}

// persistence is the value of Polyaxon's chart that gives the database a volume.
func persistence(pod *corev1.Pod) string {
	if pod.Labels["app.kubernetes.io/name"] == "postgresql" {
		return "postgresql.primary.persistence"
	}
	return "postgresql.persistence"
}

func claims(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.PersistentVolumeClaim != nil })
}

// storeWords are what Polyaxon's charts call the volumes of artifacts and logs: "default-artifacts-store", "outputs".
var storeWords = []string{"artifacts", "outputs", "logs", "repos", "upload", "plx-data"}

// stores finds volumes of core for artifacts and logs that live and die with a node or a pod. Those of DaemonSets are
// the node's own.
func stores(v View) []Finding {
	var places []string
	namespace := ""
	for _, pod := range v.identified(isCore) {
		if slices.ContainsFunc(pod.OwnerReferences, daemonSet) {
			continue
		}
		for _, volume := range pod.Spec.Volumes {
			if !slices.ContainsFunc(storeWords, func(word string) bool { return strings.Contains(volume.Name, word) }) {
				continue
			}
			switch {
			case volume.HostPath != nil:
				places, namespace = append(places, volume.Name+" on hostPath "+volume.HostPath.Path), pod.Namespace
			case volume.EmptyDir != nil:
				places, namespace = append(places, volume.Name+" on emptyDir"), pod.Namespace
			}
		}
	}
	if len(places) == 0 {
		return nil
	}
	return []Finding{{
		Severity: Warning,
		What:     fmt.Sprintf("Polyaxon keeps %s.", named(places)),
		Why:      "Artifacts and logs are lost with the node or the pod, and runs on another node do not see them.",
		Fix:      "helm upgrade RELEASE polyaxon/polyaxon --namespace " + namespace + " --reuse-values --set artifactsStore.kind=volume_claim --set artifactsStore.schema.volumeClaim=CLAIM --set artifactsStore.schema.mountPath=/plx-artifacts",
	}}
}

// ingressTLS finds ingresses of Polyaxon's namespaces through which passwords and tokens go in the clear.
func ingressTLS(v View) []Finding {
	var found []Finding
	for _, i := range v.Ingresses {
		if len(i.Spec.TLS) > 0 {
			continue
		}
		found = append(found, Finding{
			Severity: Warning,
			What:     fmt.Sprintf("Ingress %q in namespace %q has no TLS.", i.Name, i.Namespace),
			Why:      "Passwords and tokens of Polyaxon's users cross the network in the clear.",
			Fix:      fmt.Sprintf(`kubectl -n %s patch ingress %s --type=merge -p '{"spec":{"tls":[{"hosts":["HOST"],"secretName":"SECRET"}]}}'`, i.Namespace, i.Name),
		})
	}
	return found
}

// coreSecurity finds Polyaxon's own components without the security context that its charts give them when asked.
// Bundled dependencies and Helm hooks have charts of their own.
func coreSecurity(v View) []Finding {
	var names []string
	namespace := ""
	for _, pod := range v.identified(func(id polyaxon.Identity) bool { return isCore(id) && platformLabel(id.Label) }) {
		sc := pod.Spec.SecurityContext
		if slices.ContainsFunc(pod.OwnerReferences, daemonSet) || sc != nil && (sc.RunAsUser != nil || sc.RunAsNonRoot != nil || sc.FSGroup != nil) {
			continue
		}
		names, namespace = append(names, pod.Name), pod.Namespace
	}
	if len(names) == 0 {
		return nil
	}
	return []Finding{{
		Severity: Warning,
		What:     fmt.Sprintf("%s of Polyaxon's core in namespace %q %s without a security context.", upper(are(names, "pod ", "the pods ")+named(names)), namespace, are(names, "runs", "run")),
		Why:      "They run as the users of their images, root included.",
		Fix:      "helm upgrade RELEASE polyaxon/polyaxon --namespace " + namespace + " --reuse-values --set securityContext.enabled=true",
	}}
}

// platformLabel says whether core was told by the label of Polyaxon's own components.
func platformLabel(key string) bool { return key == "app.kubernetes.io/part-of" || key == "type" }

func daemonSet(o metav1.OwnerReference) bool { return o.Kind == "DaemonSet" }
