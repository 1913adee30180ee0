package doctor

import (
	"cmp"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// policyLoads finds a policy with which no replica would start again.
func policyLoads(v View) []Finding {
	name := PolicyMap(v.Deployment.Spec.Template.Spec)
	why := "A replica that restarts does not become ready, and when all have, every new run is refused."
	where := fmt.Sprintf("ConfigMap %q in namespace %q", name, v.Deployment.Namespace)
	switch {
	case name == "":
		return []Finding{{
			Severity: Warning,
			What:     fmt.Sprintf("%s has no volume \"policy\" with a ConfigMap.", v.place()),
			Why:      "Which policy it runs cannot be told.", Fix: v.reinstall(),
		}}
	case v.Policy == nil:
		return []Finding{{Severity: Error, What: where + ", which is to hold the policy, is missing.", Why: why, Fix: v.reinstall()}}
	case v.policyErr != nil:
		return []Finding{{
			Severity: Error,
			What:     fmt.Sprintf("%s does not load: %s", where, ended(strings.ReplaceAll(v.policyErr.Error(), "\n", "; "))),
			Why:      why,
			Fix:      v.kubectl("rollout undo " + v.name()),
		}}
	case len(v.files) == 0:
		return []Finding{{Severity: Error, What: where + " holds no .yaml, .yml or .json file.", Why: why, Fix: v.reinstall()}}
	}
	return nil
}

// policyInForce finds replicas that were started with another policy than the Deployment names: a policy never changes
// under a running server, so the name tells.
func policyInForce(v View) []Finding {
	want := PolicyMap(v.Deployment.Spec.Template.Spec)
	var others, old []string
	for _, pod := range v.replicas() {
		if name := PolicyMap(pod.Spec); name != want {
			others, old = append(others, pod.Name), append(old, cmp.Or(name, "none"))
		}
	}
	if len(others) == 0 {
		return nil
	}
	f := Finding{
		Severity: Warning,
		What: fmt.Sprintf("%s names the policy %q, and %s still %s %s.", v.place(), want, named(others),
			are(others, "runs", "run"), named(old)),
		Why: "Until the rollout ends, pods are judged by the old policy.",
		Fix: v.kubectl("rollout status " + v.name()),
	}
	if stuck(v.Deployment) {
		f.Severity = Error
		f.Why = "The rollout is stuck: the new policy does not come into force, and no old replica survives the loss of its node."
		f.Fix = v.kubectl("rollout undo " + v.name())
	}
	return []Finding{f}
}

// stuck says whether the Deployment gave its rollout up.
func stuck(d *appsv1.Deployment) bool {
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentProgressing {
			return c.Status == corev1.ConditionFalse
		}
	}
	return false
}

// exceptions finds those that end within a week, and those that are over.
func exceptions(v View) []Finding {
	var found []Finding
	now := v1alpha1.DayOf(v.Now)
	for _, f := range v.files {
		for _, e := range f.Policy.Spec.Exceptions {
			alone := v1alpha1.Spec{Exceptions: []v1alpha1.Exception{e}}
			for _, report := range alone.Reports(now) {
				finding := Finding{
					Severity: Warning,
					What:     ended(fmt.Sprintf("In policy %q, %s", f.Policy.Metadata.Name, report)),
					Why:      "Pods that it lets through are refused from the day after.",
					Fix:      v.kubectl("get configmap " + v.Policy.Name + " -o yaml # change it where it comes from, and install it again"),
				}
				if e.Until(now) == "" {
					finding.Severity, finding.Why = Info, "The policy reads as if it were in force."
				}
				found = append(found, finding)
			}
		}
	}
	return found
}
