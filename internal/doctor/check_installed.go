package doctor

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// installed finds no Deployment, and what then still asks for it. A webhook configuration that is left of an
// installation refuses every pod of the governed namespaces: nobody answers it.
func installed(v View) []Finding {
	if v.Deployment != nil || v.Unread[Deployments] != nil {
		return nil
	}
	found := []Finding{{
		Severity: Error,
		What:     fmt.Sprintf("There is no Deployment with the label %q.", Label),
		Why:      "Without polymoat nothing keeps runs off core nodes but taints, which any pod may tolerate.",
		Fix:      "helm upgrade --install polymoat manifests/chart --namespace polymoat-system --create-namespace",
	}}
	for _, c := range v.Validating {
		found = append(found, leftOver("ValidatingWebhookConfiguration", c)...)
	}
	for _, c := range v.Mutating {
		found = append(found, leftOver("MutatingWebhookConfiguration", c)...)
	}
	return found
}

func leftOver(kind string, c metav1.Object) []Finding {
	key, value, _ := strings.Cut(Label, "=")
	if c.GetLabels()[key] != value {
		return nil
	}
	return []Finding{{
		Severity: Error,
		What:     fmt.Sprintf("%s %q is left, and nobody answers it.", kind, c.GetName()),
		Why:      "A webhook that fails closed refuses every pod of the governed namespaces.",
		Fix:      fmt.Sprintf("kubectl delete %s %s", strings.ToLower(kind), c.GetName()),
	}}
}
