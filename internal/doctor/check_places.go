package doctor

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/polymoat/polymoat/internal/polyaxon"
	"github.com/polymoat/polymoat/internal/template"
)

// corePlaces finds pods that are not core, and that core's Services or controllers take for one of theirs.
func corePlaces(v View) []Finding {
	var found []Finding
	for _, f := range v.files {
		release := f.Policy.Spec.Release
		controllers := map[types.UID]bool{} // of core pods
		pods := v.podsOf(f.Policy.Spec.Namespaces)
		for _, pod := range pods {
			if owner := template.ControllerOf(pod); owner != nil && isCore(polyaxon.Identify(pod, release)) && template.NamedByItsController(pod) {
				controllers[owner.UID] = true
			}
		}
		for _, pod := range pods {
			what := ""
			core, owner, places := isCore(polyaxon.Identify(pod, release)), template.ControllerOf(pod), polyaxon.Places(pod, release)
			switch {
			case owner != nil && core && !template.NamedByItsController(pod), owner != nil && !core && controllers[owner.UID]:
				what = fmt.Sprintf("belongs to %s %q of Polyaxon's core, which did not make it", owner.Kind, owner.Name)
			case !core && len(places) > 0:
				what = fmt.Sprintf("has label %s=%s, which %s", places[0].Label, pod.Labels[places[0].Label], places[0].Why)
			default:
				continue
			}
			found = append(found, Finding{
				Severity: Error,
				What:     fmt.Sprintf("Pod %q in namespace %q %s.", pod.Name, pod.Namespace, what),
				Why:      "It may answer for Polyaxon's API, or stay when core is scaled down, and a real pod goes.",
				Fix:      fmt.Sprintf("kubectl -n %s delete pod %s", pod.Namespace, pod.Name),
			})
		}
	}
	return found
}

// podsOf are the pods of namespaces that have not ended.
func (v View) podsOf(namespaces []string) []*corev1.Pod {
	return slices.DeleteFunc(slices.Clone(v.Pods), func(pod *corev1.Pod) bool {
		return !slices.Contains(namespaces, pod.Namespace) || !alive(pod)
	})
}

// chooser is a Service or PodDisruptionBudget, which chooses pods by labels.
type chooser struct {
	kind, namespace, name string
	selector              *metav1.LabelSelector
	why, patch            string // what comes of a run among the pods; how a label is added, with %s for it
}

// choosers are those of the governed namespaces.
func (v View) choosers(namespaces []string) []chooser {
	var all []chooser
	for _, s := range v.Services {
		if slices.Contains(namespaces, s.Namespace) && len(s.Spec.Selector) > 0 {
			all = append(all, chooser{
				"Service", s.Namespace, s.Name, &metav1.LabelSelector{MatchLabels: s.Spec.Selector},
				"A run with such labels answers for Polyaxon", `{"spec":{"selector":{%s}}}`,
			})
		}
	}
	for _, b := range v.Budgets {
		if slices.Contains(namespaces, b.Namespace) && b.Spec.Selector != nil {
			all = append(all, chooser{
				"PodDisruptionBudget", b.Namespace, b.Name, b.Spec.Selector,
				"Runs with such labels count among the pods that must stay, and drains take Polyaxon's own", `{"spec":{"selector":{"matchLabels":{%s}}}}`,
			})
		}
	}
	return all
}

// coreSelectors finds Services and PodDisruptionBudgets that select core's pods by labels which runs have, or may have:
// polymoat refuses those that mark core, those of the charts' own Services, and those that core's workloads select by.
func coreSelectors(v View) []Finding {
	var found []Finding
	for _, f := range v.files {
		release := f.Policy.Spec.Release
		pods := v.podsOf(f.Policy.Spec.Namespaces)
		for _, c := range v.choosers(f.Policy.Spec.Namespaces) {
			core := c.first(pods, release, isCore)
			if core == nil {
				continue
			}
			what := "by labels that do not mark Polyaxon's core"
			if run := c.first(pods, release, isRun); run != nil {
				what = fmt.Sprintf("and run %q", run.Name)
			} else if c.marksCore(release) {
				continue
			}
			found = append(found, Finding{
				Severity: Warning,
				What:     fmt.Sprintf("%s %q in namespace %q selects core pod %q %s.", c.kind, c.name, c.namespace, core.Name, what),
				Why:      c.why + ": polymoat refuses only labels that mark core or that its workloads select by.",
				Fix: fmt.Sprintf("kubectl -n %s patch %s %s --type=merge -p '%s'", c.namespace, strings.ToLower(c.kind), c.name,
					fmt.Sprintf(c.patch, mark(core))),
			})
		}
	}
	return found
}

// first is the first of the pods that it selects and that use accepts; nil for none.
func (c chooser) first(pods []*corev1.Pod, release string, use func(polyaxon.Identity) bool) *corev1.Pod {
	selector, err := metav1.LabelSelectorAsSelector(c.selector)
	if err != nil {
		return nil // the API server lets no such object in
	}
	for _, pod := range pods {
		if pod.Namespace == c.namespace && selector.Matches(labels.Set(pod.Labels)) && use(polyaxon.Identify(pod, release)) {
			return pod
		}
	}
	return nil
}

// marksCore says whether a pod with the labels that are asked for claims core.
func (c chooser) marksCore(release string) bool {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: c.selector.MatchLabels}}
	return polyaxon.Borrowed(pod, release).Role != "" || len(polyaxon.Places(pod, release)) > 0
}

// mark is a label that marks the core pod, as JSON; words in capitals where its chart gives it none.
func mark(core *corev1.Pod) string {
	for _, key := range []string{"app.kubernetes.io/part-of", "type"} {
		if value := core.Labels[key]; strings.HasPrefix(value, "polyaxon-") {
			return fmt.Sprintf("%q:%q", key, value)
		}
	}
	return `"LABEL":"VALUE"`
}
