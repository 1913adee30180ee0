package doctor

import (
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/polymoat/polymoat/certs/verify"
)

// caBundle finds webhooks whose authorities cannot vouch for anybody.
func caBundle(v View) []Finding {
	return v.alike(v.bundleProblem, func(hooks, problem string) Finding {
		return Finding{Severity: Error, What: fmt.Sprintf("The caBundle of %s %s.", hooks, problem), Why: refusing, Fix: v.renewBundle()}
	})
}

// alike makes one finding of all webhooks that have the same problem; empty is none.
func (v View) alike(problem func(hook) string, finding func(hooks, problem string) Finding) []Finding {
	var order []string
	sufferers := map[string][]hook{}
	for _, h := range v.own() {
		p := problem(h)
		if p == "" {
			continue
		}
		if sufferers[p] == nil {
			order = append(order, p)
		}
		sufferers[p] = append(sufferers[p], h)
	}
	var found []Finding
	for _, p := range order {
		found = append(found, finding(hookNames(sufferers[p]), p))
	}
	return found
}

// hookNames are webhooks as sentences name several: `the webhooks "core.polymoat.io", "mutate.polymoat.io"`.
func hookNames(hooks []hook) string {
	if len(hooks) == 1 {
		return hooks[0].String()
	}
	var names []string
	for _, h := range hooks {
		names = append(names, h.name)
	}
	return "the webhooks " + named(names)
}

// bundleProblem says what is wrong with the caBundle alone; empty if nothing is. None at all stands for the machine's own
// authorities, which know no Service.
func (v View) bundleProblem(h hook) string {
	if len(h.client.CABundle) == 0 {
		if h.client.Service == nil {
			return ""
		}
		return "is missing"
	}
	authorities := verify.Bundle(h.client.CABundle)
	if len(authorities) == 0 {
		return "holds no certificate in PEM"
	}
	last := slices.MaxFunc(authorities, func(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) }).NotAfter
	if v.Now.After(last) {
		return "expired on " + day(last)
	}
	return ""
}

// renewBundle is the command that has the caBundle written anew.
func (v View) renewBundle() string {
	switch {
	case selfManaged(v.Deployment):
		return v.kubectl("rollout restart " + v.name())
	case v.injected():
		return "kubectl -n cert-manager rollout restart deployment/cert-manager-cainjector"
	}
	return v.reinstall() + " --set-file certificates.caBundle=CA.crt"
}

// injected says whether cert-manager writes the caBundle.
func (v View) injected() bool {
	for _, c := range v.Validating {
		if c.Name == configurationName(v.Deployment) {
			return c.Annotations["cert-manager.io/inject-ca-from"] != ""
		}
	}
	return false
}
