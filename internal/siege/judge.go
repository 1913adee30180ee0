package siege

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/landing"
)

// Verdict is what came of an attack.
type Verdict string

// The verdicts.
const (
	Held          Verdict = "held"
	Open          Verdict = "open"
	NotApplicable Verdict = "n/a"
)

// finding is what came of one request, and why: the rules that refuse it, or the node that it opens.
type finding struct {
	verdict Verdict
	why     []string
}

func held(by ...string) finding { return finding{Held, by} }

// judge reads the answer to a request.
func judge(r Request, a answer, pools []landing.Pool) (finding, error) {
	if a.code >= http.StatusBadRequest {
		return refused(r, a), nil
	}
	switch r.Open {
	case Lands:
		var pod corev1.Pod
		if err := json.Unmarshal(a.body, &pod); err != nil {
			return finding{}, err
		}
		for _, pool := range pools {
			if node, ok := landing.Witness(landing.Of(&pod.Spec), pool); ok {
				return finding{Open, []string{"it could run on " + node.String()}}, nil
			}
		}
		return held("lands elsewhere"), nil
	case Allowed:
		var review struct {
			Status struct{ Allowed bool } `json:"status"`
		}
		if err := json.Unmarshal(a.body, &review); err != nil {
			return finding{}, err
		}
		if !review.Status.Allowed {
			return held("RBAC"), nil
		}
	}
	return taken(r), nil
}

func taken(r Request) finding {
	path := r.Create + r.Patch + r.Delete
	if _, inside, ok := strings.Cut(path, "$namespace/"); ok {
		path = inside
	}
	return finding{Open, []string{"the API server takes " + path}}
}

// refused tells who refused a request. A pod that is not there, or is bound already, is found out after admission: the
// request got past everybody who could have held it.
func refused(r Request, a answer) finding {
	switch {
	case a.code == http.StatusNotFound || a.code == http.StatusConflict:
		if r.Create == "" {
			return finding{NotApplicable, []string{"its object is gone"}}
		}
		return taken(r)
	case strings.HasPrefix(a.status.Message, `admission webhook "`):
		_, name, _ := strings.Cut(a.status.Message, `"`)
		name, _, _ = strings.Cut(name, `"`)
		if strings.HasSuffix(name, ".polymoat.io") {
			return held(rulesOf(a.status.Details)...)
		}
		return held("webhook " + name)
	case a.code == http.StatusForbidden && strings.Contains(a.status.Message, " cannot "):
		return held("RBAC")
	}
	return held("API server")
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
