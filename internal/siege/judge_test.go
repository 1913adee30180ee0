package siege

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"

	"github.com/polymoat/polymoat/internal/landing"
)

// defended is a core of one pod that everything selects by the label app: api.
func defended() core {
	selects := func(kind string) []selecting {
		return []selecting{{kind: kind, name: "api", selector: labels.SelectorFromSet(labels.Set{"app": "api"})}}
	}
	api := corev1.Pod{Spec: corev1.PodSpec{Priority: ptr.To[int32](10)}}
	api.Name = "api-1"
	return core{
		pools: []landing.Pool{{Name: "core", Key: "polyaxon", Value: "core", Taints: []corev1.Taint{{Key: "polyaxon", Effect: corev1.TaintEffectNoSchedule}}}},
		node:  "core-1", pods: []corev1.Pod{api}, services: selects("Service"),
		adopting: map[string][]selecting{"Pod": selects("ReplicaSet"), "ReplicaSet": selects("Deployment"), "ControllerRevision": selects("StatefulSet")},
	}
}

func refusal(code int, message string, causes ...metav1.CauseType) answer {
	a := answer{code: code, status: metav1.Status{Message: message, Details: &metav1.StatusDetails{}}}
	for _, cause := range causes {
		a.status.Details.Causes = append(a.status.Details.Causes, metav1.StatusCause{Type: cause})
	}
	return a
}

func TestJudge(t *testing.T) {
	const ours = `admission webhook "validate.polymoat.io" denied the request: pods "a"`
	pods := Request{Create: "pods"}
	for name, tc := range map[string]struct {
		request Request
		answer  answer
		want    finding
	}{
		"taken":                        {pods, answer{code: 201}, opened("the API server takes pods")},
		"taken, in a group":            {Request{Create: "/apis/batch/v1/namespaces/$namespace/jobs"}, answer{code: 201}, opened("the API server takes jobs")},
		"refused by rules, each once":  {pods, refusal(403, ours, "core-nodes", "node-name", "core-nodes"), held("core-nodes", "node-name")},
		"refused for an override":      {pods, refusal(422, ours, "FieldValueInvalid"), held("invalid-override")},
		"refused by the native twin":   {pods, refusal(422, `pods "a" is forbidden: ValidatingAdmissionPolicy 'polymoat-x-pods-enforce' with binding 'polymoat-x-pods-enforce' denied request: core-nodes: the pod could: land`), held("core-nodes")},
		"refused by another policy":    {pods, refusal(422, `pods "a" is forbidden: ValidatingAdmissionPolicy 'a' with binding 'polymoat-a' denied request: no`), heldBy(APIServer)},
		"refused by a broken twin":     {pods, refusal(422, `pods "a" is forbidden: ValidatingAdmissionPolicy 'polymoat-x-pods-enforce' with binding 'polymoat-x-pods-enforce' denied request: expression '1' resulted in error: no such key`), heldBy(APIServer)},
		"refused by another webhook":   {pods, refusal(403, `admission webhook "a.b.c" denied the request: no`), finding{Held, Webhook, []string{"webhook a.b.c"}}},
		"refused by RBAC":              {pods, refusal(403, `pods is forbidden: User "x" cannot create resource "pods"`), heldBy(RBAC)},
		"refused by the API server":    {pods, refusal(422, `Pod "a" is invalid`), heldBy(APIServer)},
		"a binding that got through":   {Request{Create: "pods/siege/binding"}, refusal(404, `pods "siege" not found`), opened("the API server takes pods/siege/binding")},
		"an update of a pod that went": {Request{Patch: "pods/$run"}, refusal(404, `pods "a" not found`), notApplicable("its object is gone")},
		"a right that is there":        {Request{Create: "reviews", Open: Allowed}, answer{code: 201, body: []byte(`{"status":{"allowed":true}}`)}, opened("the API server takes reviews")},
		"a right that is not there":    {Request{Create: "reviews", Open: Allowed}, answer{code: 201, body: []byte(`{"status":{}}`)}, heldBy(RBAC)},
	} {
		t.Run(name, func(t *testing.T) { checkJudge(t, tc.request, tc.answer, tc.want) })
	}
}

// What the API server takes is judged by what would happen to core.
func TestJudgeWhatHappensToCore(t *testing.T) {
	const (
		witness  = `it could run on a node of pool "core" (labels polyaxon=core; taints polyaxon:NoSchedule)`
		anyTaint = `"tolerations":[{"operator":"Exists"}]`
		group    = `{"spec":{"schedulingGroup":{"podGroupName":"siege"}}}`
	)
	for name, tc := range map[string]struct {
		open          Opening
		body, answers string
		want          finding
	}{
		"kept off":                    {Lands, "", `{"spec":{}}`, held("placed on other nodes")},
		"landing":                     {Lands, "", `{"spec":{` + anyTaint + `}}`, opened(witness)},
		"landing, and above core":     {Evicted, "", `{"spec":{"priority":11,` + anyTaint + `}}`, opened(witness + " and evict api-1")},
		"landing, and equal to core":  {Evicted, "", `{"spec":{"priority":10,` + anyTaint + `}}`, opened(witness)},
		"kept off, and above core":    {Evicted, "", `{"spec":{"priority":11}}`, held("placed on other nodes")},
		"in a group above core":       {Evicted, group, `{"spec":{"priority":11,"schedulingGroup":{}}}`, opened("its group could evict api-1")},
		"in a group below core":       {Evicted, group, `{"spec":{"priority":9,"schedulingGroup":{}}}`, held("placed on other nodes")},
		"in a group that is dropped":  {Evicted, group, `{"spec":{"priority":11}}`, heldBy(APIServer)},
		"nominated":                   {Starved, "", `{"status":{"nominatedNodeName":"core-1"}}`, opened("room on core-1 is kept for it")},
		"not nominated":               {Starved, "", `{"status":{}}`, heldBy(APIServer)},
		"selected by core's Service":  {Endpoint, "", `{"metadata":{"labels":{"app":"api"}}}`, opened("it would be an endpoint of Service api")},
		"selected by no Service":      {Endpoint, "", `{"metadata":{"labels":{"app":"run"}}}`, notApplicable("no Service of core selects it")},
		"a pod to adopt":              {Replaced, "", `{"kind":"Pod","metadata":{"labels":{"app":"api"}}}`, opened("ReplicaSet api would adopt it")},
		"a ReplicaSet to adopt":       {Replaced, "", `{"kind":"ReplicaSet","metadata":{"labels":{"app":"api"}}}`, opened("Deployment api would adopt it")},
		"a revision to adopt":         {Replaced, "", `{"kind":"ControllerRevision","metadata":{"labels":{"app":"api"}}}`, opened("StatefulSet api would adopt it")},
		"a pod with other labels":     {Replaced, "", `{"kind":"Pod","metadata":{"labels":{"app":"run"}}}`, notApplicable("no workload of core would adopt it")},
		"a pod that has a controller": {Replaced, "", `{"kind":"Pod","metadata":{"labels":{"app":"api"},"ownerReferences":[{"controller":true}]}}`, notApplicable("no workload of core would adopt it")},
	} {
		t.Run(name, func(t *testing.T) {
			checkJudge(t, Request{Create: "pods", Open: tc.open, Body: []byte(tc.body)}, answer{code: 201, body: []byte(tc.answers)}, tc.want)
		})
	}
}

func checkJudge(t *testing.T, r Request, a answer, want finding) {
	t.Helper()
	got, err := judge(r, a, defended())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(finding{})); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
}

func TestOneOpenRequestIsEnough(t *testing.T) {
	r := Result{Attack: Attack{Number: 7, Title: "t"}, Verdict: NotApplicable}
	for _, f := range []finding{notApplicable("gone"), held("a"), held("b", "a"), notApplicable("gone")} {
		r.add(f)
	}
	if want := " 7  t                                         held  a, b"; r.String() != want {
		t.Errorf("got  %s\nwant %s", r, want)
	}
	r.add(opened("c"))
	r.add(held("a"))
	if want := " 7  t                                         open  c"; r.String() != want {
		t.Errorf("got  %s\nwant %s", r, want)
	}
}

// An attack that RBAC holds in part counts as RBAC's.
func TestTally(t *testing.T) {
	var tally Tally
	for _, findings := range [][]finding{
		{held("a")}, {held("placed on other nodes"), notApplicable("gone")}, {held("a"), heldBy(RBAC), held("b")}, {heldBy(APIServer), held("a")},
		{held("a"), opened("b"), heldBy(RBAC)}, {notApplicable("gone")},
	} {
		r := Result{Verdict: NotApplicable}
		for _, f := range findings {
			r.add(f)
		}
		tally.Add(r)
	}
	if got, want := tally.String(), "2 held by polymoat, 1 by RBAC, 1 by the API server, 1 open, 1 not applicable"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	tally.Add(Result{Verdict: Held, By: Webhook})
	if got, want := fmt.Sprint(tally), "2 held by polymoat, 1 by RBAC, 1 by the API server, 1 by other webhooks, 1 open, 1 not applicable"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
