package siege

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/polymoat/polymoat/internal/landing"
)

func TestJudge(t *testing.T) {
	core := []landing.Pool{{Name: "core", Key: "polyaxon", Value: "core", Taints: []corev1.Taint{{Key: "polyaxon", Effect: corev1.TaintEffectNoSchedule}}}}
	const ours = `admission webhook "validate.polymoat.io" denied the request: pods "a"`
	refusedFor := func(code int, message string, causes ...metav1.CauseType) answer {
		a := answer{code: code, status: metav1.Status{Message: message, Details: &metav1.StatusDetails{}}}
		for _, cause := range causes {
			a.status.Details.Causes = append(a.status.Details.Causes, metav1.StatusCause{Type: cause})
		}
		return a
	}
	pods, lands := Request{Create: "pods"}, Request{Create: "pods", Open: Lands}
	for name, tc := range map[string]struct {
		request Request
		answer  answer
		want    finding
	}{
		"taken":                        {pods, answer{code: 201}, finding{Open, []string{"the API server takes pods"}}},
		"taken, in a group":            {Request{Create: "/apis/batch/v1/namespaces/$namespace/jobs"}, answer{code: 201}, finding{Open, []string{"the API server takes jobs"}}},
		"taken, and kept off":          {lands, answer{code: 201, body: []byte(`{"spec":{}}`)}, held("lands elsewhere")},
		"taken, and landing":           {lands, answer{code: 201, body: []byte(`{"spec":{"tolerations":[{"operator":"Exists"}]}}`)}, finding{Open, []string{`it could run on node "witness" (labels polyaxon=core; taints polyaxon:NoSchedule)`}}},
		"refused by rules, each once":  {pods, refusedFor(403, ours, "core-nodes", "node-name", "core-nodes"), held("core-nodes", "node-name")},
		"refused for an override":      {pods, refusedFor(422, ours, "FieldValueInvalid"), held("invalid-override")},
		"refused by another webhook":   {pods, refusedFor(403, `admission webhook "a.b.c" denied the request: no`), held("webhook a.b.c")},
		"refused by RBAC":              {pods, refusedFor(403, `pods is forbidden: User "x" cannot create resource "pods"`), held("RBAC")},
		"refused by the API server":    {pods, refusedFor(422, `Pod "a" is invalid`), held("API server")},
		"a binding that got through":   {Request{Create: "pods/siege/binding"}, refusedFor(404, `pods "siege" not found`), finding{Open, []string{"the API server takes pods/siege/binding"}}},
		"an update of a pod that went": {Request{Patch: "pods/$run"}, refusedFor(404, `pods "a" not found`), finding{NotApplicable, []string{"its object is gone"}}},
		"a right that is there":        {Request{Create: "reviews", Open: Allowed}, answer{code: 201, body: []byte(`{"status":{"allowed":true}}`)}, finding{Open, []string{"the API server takes reviews"}}},
		"a right that is not there":    {Request{Create: "reviews", Open: Allowed}, answer{code: 201, body: []byte(`{"status":{}}`)}, held("RBAC")},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := judge(tc.request, tc.answer, core)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(finding{})); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOneOpenRequestIsEnough(t *testing.T) {
	r := Result{Attack: Attack{Number: 7, Title: "t"}, Verdict: NotApplicable}
	for _, f := range []finding{{NotApplicable, []string{"gone"}}, held("a"), held("b", "a"), {NotApplicable, []string{"gone"}}} {
		r.add(f)
	}
	if want := " 7  t                                         held  a, b"; r.String() != want {
		t.Errorf("got  %s\nwant %s", r, want)
	}
	r.add(finding{Open, []string{"c"}})
	r.add(held("a"))
	if want := " 7  t                                         open  c"; r.String() != want {
		t.Errorf("got  %s\nwant %s", r, want)
	}
}
