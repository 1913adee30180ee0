package siege

import (
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// refused tells who refused a request. A pod that is not there, or is bound already, is found out after admission: the
// request got past everything that could have held it.
func refused(r Request, a answer) finding {
	switch {
	case a.code == http.StatusNotFound || a.code == http.StatusConflict:
		if r.Create == "" {
			return notApplicable("its object is gone")
		}
		return taken(r)
	case strings.HasPrefix(a.status.Message, `admission webhook "`):
		_, name, _ := strings.Cut(a.status.Message, `"`)
		name, _, _ = strings.Cut(name, `"`)
		if strings.HasSuffix(name, ".polymoat.io") {
			return held(rulesOf(a.status.Details)...)
		}
		return finding{Held, Webhook, []string{"webhook " + name}}
	case byRBAC(a):
		return heldBy(RBAC)
	}
	if rule := ofTwin(a.status.Message); rule != "" {
		return held(rule)
	}
	return heldBy(APIServer)
}

// ofTwin is the rule by which the native twin of a policy refuses; empty for any other refusal. Its messages begin with it.
func ofTwin(message string) string {
	_, text, ok := strings.Cut(message, "ValidatingAdmissionPolicy 'polymoat-")
	if !ok {
		return ""
	}
	_, text, _ = strings.Cut(text, "denied request: ")
	rule, _, ok := strings.Cut(text, ": ")
	if !ok || strings.Contains(rule, " ") {
		return ""
	}
	if rule == "overrides" {
		return "invalid-override"
	}
	return rule
}

func byRBAC(a answer) bool {
	return a.code == http.StatusForbidden && strings.Contains(a.status.Message, " cannot ")
}

// rulesOf are the rules of a refusal of polymoat's, each once. What is no rule's name is a malformed override.
func rulesOf(details *metav1.StatusDetails) []string {
	var rules []string
	if details == nil {
		return nil
	}
	for _, cause := range details.Causes {
		rule := string(cause.Type)
		if strings.HasPrefix(rule, "FieldValue") {
			rule = "invalid-override"
		}
		if !slices.Contains(rules, rule) {
			rules = append(rules, rule)
		}
	}
	return rules
}
