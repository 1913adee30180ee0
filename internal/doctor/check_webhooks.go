package doctor

import (
	"fmt"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/utils/ptr"
)

// webhooks finds configurations and webhooks that are gone.
func webhooks(v View) []Finding {
	var found []Finding
	name, own := configurationName(v.Deployment), v.own()
	core := slices.ContainsFunc(shipped, func(s shippedHook) bool { return s.optional && slices.ContainsFunc(own, s.is) })
	for _, c := range []struct {
		kind, why string
		present   bool
	}{
		{validatingKind, "Nothing is judged: any pod of a governed namespace may land on core nodes.",
			slices.ContainsFunc(v.Validating, func(c *admissionregistrationv1.ValidatingWebhookConfiguration) bool { return c.Name == name })},
		{mutatingKind, "Nothing is placed or hardened, so that most runs are refused.",
			slices.ContainsFunc(v.Mutating, func(c *admissionregistrationv1.MutatingWebhookConfiguration) bool { return c.Name == name })},
	} {
		if !c.present {
			found = append(found, Finding{Severity: Error, What: fmt.Sprintf("There is no %s %q.", c.kind, name), Why: c.why, Fix: v.reinstall()})
			continue
		}
		for _, s := range shipped {
			if s.kind == c.kind && (!s.optional || core) && !slices.ContainsFunc(own, s.is) {
				found = append(found, Finding{
					Severity: Error,
					What:     fmt.Sprintf("%s %q has no webhook %q.", c.kind, name, s.name),
					Why:      "What it was to be asked about passes unseen.",
					Fix:      v.reinstall(),
				})
			}
		}
	}
	return found
}

// webhookDrift finds webhooks that somebody changed.
func webhookDrift(v View) []Finding {
	var found []Finding
	for _, h := range v.own() {
		for _, s := range shipped {
			if !s.is(h) {
				continue
			}
			for _, d := range append(s.drift(h), s.unreported(h, v.Deployment)...) {
				if d.open && v.twinWhole() {
					d = drift{severity: Info, what: d.what, why: "While polymoat does not answer, the native twin alone decides."}
				}
				found = append(found, Finding{Severity: d.severity, What: fmt.Sprintf("%s %s.", upper(h.String()), d.what), Why: d.why, Fix: v.reinstall(d.values...)})
			}
		}
	}
	return found
}

// drift is one way in which a webhook is not as shipped.
type drift struct {
	severity  Severity
	what, why string
	open      bool     // whoever is not judged by another passes
	values    []string // of the chart, that bring back what was shipped: the release's own may say otherwise
}

// drift is all that differs.
func (s shippedHook) drift(h hook) []drift {
	var all []drift
	if h.failure != s.failure {
		d := drift{
			severity: Error,
			what:     fmt.Sprintf("has failurePolicy %s, and was shipped with %s", h.failure, s.failure),
			why:      "While polymoat does not answer, pods pass unjudged: that is for the first step of an installation alone.",
			open:     true,
			values:   []string{"failurePolicy=Fail"},
		}
		if h.failure == admissionregistrationv1.Fail {
			d = drift{severity: Warning, what: d.what, why: "While polymoat does not answer, it refuses what could pass."}
		}
		all = append(all, d)
	}
	if h.match != admissionregistrationv1.Equivalent {
		all = append(all, drift{severity: Error, what: fmt.Sprintf("has matchPolicy %s, and was shipped with Equivalent", h.match), why: "A request by another API version passes unseen."})
	}
	if h.timeout > mostSeconds {
		all = append(all, drift{severity: Warning, what: fmt.Sprintf("has timeoutSeconds %d, and was shipped with %d", h.timeout, mostSeconds), why: "While polymoat does not answer, every request waits that long."})
	}
	if h.reinvocation != s.reinvocation {
		all = append(all, drift{severity: Warning, what: fmt.Sprintf("has reinvocationPolicy %s, and was shipped with %s", h.reinvocation, s.reinvocation), why: "What a later webhook changes is not placed again, and may be refused."})
	}
	if h.objects != nil && len(h.objects.MatchLabels)+len(h.objects.MatchExpressions) > 0 {
		all = append(all, drift{severity: Error, what: "has an objectSelector, and was shipped with none", why: "Anyone who writes a pod chooses its labels, and so whether it is judged."})
	}
	if lacks := s.lacks(h); len(lacks) > 0 {
		all = append(all, drift{severity: Error, what: "is not called for " + listed(lacks), why: "What it is not called for passes unseen."})
	}
	return all
}

// unreported is what a webhook does not tell of itself.
func (s shippedHook) unreported(h hook, server *appsv1.Deployment) []drift {
	if !s.tells || argument(server, "--events") != "true" || h.effects == admissionregistrationv1.SideEffectClassNoneOnDryRun {
		return nil
	}
	return []drift{{
		severity: Warning,
		what:     fmt.Sprintf("has sideEffects %s, and was shipped with NoneOnDryRun", h.effects),
		why:      "It tells its readers that polymoat writes no events.",
	}}
}

// webhookTarget finds webhooks that lead nowhere.
func webhookTarget(v View) []Finding {
	var found []Finding
	told := map[admissionregistrationv1.ServiceReference]bool{}
	for _, h := range v.own() {
		ref := h.client.Service
		if ref == nil {
			continue
		}
		to := admissionregistrationv1.ServiceReference{Namespace: ref.Namespace, Name: ref.Name, Port: ptr.To(ptr.Deref(ref.Port, 443))}
		key := admissionregistrationv1.ServiceReference{Namespace: to.Namespace, Name: fmt.Sprint(to.Name, *to.Port)}
		if what := v.nowhere(h, to); what != "" && !told[key] {
			told[key] = true
			found = append(found, Finding{
				Severity: Error, What: what,
				Why: "The API server reaches nobody, and refuses every new run, for validation fails closed.",
				Fix: v.route(),
			})
		}
	}
	return found
}

// route is the command that shows where the way to the replicas ends.
func (v View) route() string {
	if !slices.ContainsFunc(v.Services, func(s *corev1.Service) bool { return s.Namespace == v.Deployment.Namespace }) {
		return v.reinstall()
	}
	return v.kubectl("get services,endpointslices,pods -o wide")
}

// nowhere says why a Service leads to no replica; empty if it does.
func (v View) nowhere(h hook, to admissionregistrationv1.ServiceReference) string {
	if to.Namespace != v.Deployment.Namespace {
		return fmt.Sprintf("%s leads to Service %q in namespace %q, and polymoat runs in %q.", upper(h.String()), to.Name, to.Namespace, v.Deployment.Namespace)
	}
	i := slices.IndexFunc(v.Services, func(s *corev1.Service) bool { return s.Namespace == to.Namespace && s.Name == to.Name })
	if i < 0 {
		return fmt.Sprintf("%s leads to Service %q in namespace %q, which is not there.", upper(h.String()), to.Name, to.Namespace)
	}
	if !slices.ContainsFunc(v.Services[i].Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == *to.Port }) {
		return fmt.Sprintf("%s leads to port %d of Service %q, which has no such port.", upper(h.String()), *to.Port, to.Name)
	}
	for _, slice := range v.EndpointSlices {
		ready := slices.ContainsFunc(slice.Endpoints, func(e discoveryv1.Endpoint) bool { return ptr.Deref(e.Conditions.Ready, true) })
		if slice.Labels[discoveryv1.LabelServiceName] == to.Name && ready {
			return ""
		}
	}
	return fmt.Sprintf("Service %q in namespace %q has no ready endpoint.", to.Name, to.Namespace)
}

// upper begins a sentence.
func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
