package audit

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/template"
)

// inCorePlace is the finding about a pod that stands among core's pods and is none: it was there before the policy, or
// came while polymoat was away. It answers for Polyaxon's API, or the next time that core is scaled down it stays and a
// real pod goes. To label it otherwise is enough: controllers and Services let it go.
func (r *AuditedPod) inCorePlace(pod *corev1.Pod, s policy.Inspection) []Finding {
	f := r.finding(PodInCorePlace)
	f.Rule = "core-claim"
	if len(s.Places) > 0 {
		p := s.Places[0]
		f.Detail = fmt.Sprintf("%s, and it is a pod of role %q", strings.TrimPrefix(placed(pod, p.Label)+" "+p.Why, " "), r.Role)
		f.Fix = removal(pod, s)
		return []Finding{f}
	}
	if r.Role != v1alpha1.RoleCore || template.NamedByItsController(pod) {
		return nil
	}
	f.Detail = fmt.Sprintf("belongs to %s %q, which did not make it: its name does not begin with %q",
		r.Controller.Kind, r.Controller.Name, r.Controller.Name+"-")
	f.Fix = fmt.Sprintf("kubectl -n %s delete pod %s", pod.Namespace, pod.Name)
	return []Finding{f}
}

// placed is a label and its value; empty where there is no label.
func placed(pod *corev1.Pod, label string) string {
	if label == "" {
		return ""
	}
	return fmt.Sprintf("metadata.labels[%s] %q", label, pod.Labels[label])
}

// removal is the command that takes the pod out of core's places, or ends it where it has no label for that.
func removal(pod *corev1.Pod, s policy.Inspection) string {
	var labels []string
	for _, p := range s.Places {
		if p.Label == "" {
			return fmt.Sprintf("kubectl -n %s delete pod %s", pod.Namespace, pod.Name)
		}
		if label := p.Label + "-"; !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	return fmt.Sprintf("kubectl -n %s label pod %s %s", pod.Namespace, pod.Name, strings.Join(labels, " "))
}
