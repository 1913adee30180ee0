package doctor

import (
	"cmp"
	"fmt"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
)

// certManager finds Certificates and Issuers in polymoat's namespace that cert-manager reports as not ready. There are
// none where the certificate comes from elsewhere.
func certManager(v View) []Finding {
	var found []Finding
	for _, i := range v.Issuers {
		message, ready := "", false
		for _, c := range i.Status.Conditions {
			if c.Type == certmanagerv1.IssuerConditionReady {
				message, ready = c.Message, c.Status == cmmeta.ConditionTrue
			}
		}
		if !ready {
			found = append(found, v.notReady("Issuer", "issuer", i.Name, message))
		}
	}
	for _, c := range v.Certificates {
		message, ready := "", false
		for _, condition := range c.Status.Conditions {
			if condition.Type == certmanagerv1.CertificateConditionReady {
				message, ready = condition.Message, condition.Status == cmmeta.ConditionTrue
			}
		}
		if !ready {
			found = append(found, v.notReady("Certificate", "certificate", c.Name, message))
		}
	}
	return found
}

func (v View) notReady(kind, resource, name, message string) Finding {
	return Finding{
		Severity: Error,
		What:     fmt.Sprintf("%s %q in namespace %q is not ready: %s", kind, name, v.Deployment.Namespace, ended(cmp.Or(message, "cert-manager has not said anything of it"))),
		Why:      "The serving certificate is not renewed, and expires.",
		Fix:      v.kubectl(fmt.Sprintf("describe %ss.cert-manager.io %s", resource, name)),
	}
}
