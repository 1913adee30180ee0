package webhook

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const podsV1 = `"resource":{"group":"","version":"v1","resource":"pods"},"namespace":"polyaxon"`

func reviewOf(request string) string {
	return `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":` + request + `}`
}

// TestMalformedBody: what no API server can match to a request is answered in plain HTTP.
func TestMalformedBody(t *testing.T) {
	const send = "send an AdmissionReview of admission.k8s.io/v1"
	const list = send + " (admissionReviewVersions: [v1] in the webhook configuration)"
	for name, tc := range map[string]struct {
		body string
		code int
		want string
	}{
		"empty body":       {"", 400, "the body is empty; " + send},
		"not JSON":         {"hello", 400, "the body is not JSON: invalid character 'h' looking for beginning of value"},
		"half of the JSON": {`{"kind":`, 400, "the body is not JSON: unexpected end of JSON input"},
		"10,000 deep JSON": {deep(10_001), 400, "the body is not JSON: invalid character '{' exceeded max depth"},
		"a list":           {"[]", 400, `the body is of apiVersion "" and kind ""; ` + list},
		"null":             {"null", 400, `the body is of apiVersion "" and kind ""; ` + list},
		"a bare pod":       {`{"apiVersion":"v1","kind":"Pod"}`, 400, `the body is of apiVersion "v1" and kind "Pod"; ` + list},
		"a review of v1beta1": {
			`{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{"uid":"a"}}`,
			400, `the body is of apiVersion "admission.k8s.io/v1beta1" and kind "AdmissionReview"; ` + list,
		},
		"keys in the wrong case": {`{"APIVersion":"admission.k8s.io/v1","Kind":"AdmissionReview"}`, 400, `the body is of apiVersion "" and kind ""; ` + list},
		"no request":             {reviewOf("null"), 400, "the AdmissionReview has no request"},
		"a request of text":      {reviewOf(`"x"`), 400, "request.uid is empty"},
		"no uid":                 {reviewOf("{}"), 400, "request.uid is empty"},
		"a uid that is a number": {reviewOf(`{"uid":5}`), 400, "request.uid is empty"},
		"a dry run of text":      {reviewOf(`{"uid":"a","dryRun":"x"}`), 400, "the AdmissionReview does not decode: json: cannot unmarshal string into Go struct field AdmissionRequest.request.dryRun of type bool"},
		"70,000 objects":         {"[" + strings.Repeat("{},", 70_000) + "1]", 413, "the review takes more memory than there is for one (58255 objects and 116510 values of it take 64 MiB); make the object smaller"},
	} {
		for _, path := range []string{"/mutate", "/validate"} {
			t.Run(name+path, func(t *testing.T) {
				w := sendText(t, path, tc.body)
				if w.Code != tc.code {
					t.Errorf("got code %d, want %d", w.Code, tc.code)
				}
				if diff := cmp.Diff("polymoat: "+tc.want, messageOf(t, w)); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func sendText(t *testing.T, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	return send(t, testMux(t), path, "application/json", []byte(body))
}

// messageOf is what an API server shows of an answer that is no review.
func messageOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var status metav1.Status
	if err := json.Unmarshal(w.Body.Bytes(), &status); err != nil || status.Kind != "Status" || int(status.Code) != w.Code {
		t.Errorf("got code %d and status %+v: %v", w.Code, status, err)
	}
	return status.Message
}

func deep(levels int) string {
	return strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels)
}

func TestMethodAndContentType(t *testing.T) {
	mux := testMux(t)
	get := httptest.NewRecorder()
	mux.ServeHTTP(get, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/mutate", nil))
	if want := "polymoat: the method is GET; POST an AdmissionReview of admission.k8s.io/v1"; get.Code != 405 || messageOf(t, get) != want {
		t.Errorf("GET: got %d %s", get.Code, get.Body)
	}
	text := send(t, mux, "/validate", "text/plain", []byte("{}"))
	if want := "polymoat: the Content-Type is \"text/plain\"; send application/json"; text.Code != 415 || messageOf(t, text) != want {
		t.Errorf("text/plain: got %d %s", text.Code, text.Body)
	}
	if w := send(t, mux, "/mutate", "application/json; charset=utf-8", benchmarkReview(t)); w.Code != 200 {
		t.Errorf("a charset: got %d %s", w.Code, w.Body)
	}
}

// TestMalformedRequest: what is wrong with a request whose uid is known is said in an AdmissionReview.
func TestMalformedRequest(t *testing.T) {
	const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}`
	const other = "and only pods and bindings of v1 are judged; take %s out of the webhook's rules"
	for name, tc := range map[string]struct{ path, request, want string }{
		"no object to place":  {"/mutate", `"operation":"CREATE",` + podsV1, "request.object is missing"},
		"no object to judge":  {"/validate", `"operation":"CREATE",` + podsV1, "request.object is missing"},
		"an update from null": {"/validate", `"operation":"UPDATE","object":` + pod + `,"oldObject":null,` + podsV1, "request.oldObject is missing"},
		"an object of text": {
			"/validate", `"operation":"CREATE","object":"x",` + podsV1,
			`request.object is of apiVersion "" and kind "", ` + fmt.Sprintf(other, `"pods"`),
		},
		"a pod with text for containers": {
			"/mutate", `"operation":"CREATE","object":{"apiVersion":"v1","kind":"Pod","spec":{"containers":"x"}},` + podsV1,
			"request.object does not decode: json: cannot unmarshal string into Go struct field PodSpec.Pod.spec.containers of type []v1.Container",
		},
		"a pod with a quantity that is none": {
			"/validate", `"operation":"CREATE",` + podsV1 + `,"object":{"apiVersion":"v1","kind":"Pod","spec":{"volumes":[{"emptyDir":{"sizeLimit":"much"}}]}}`,
			"request.object does not decode: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
		},
		"a binding of text": {
			"/validate", `"operation":"CREATE","subResource":"binding","object":{"apiVersion":"v1","kind":"Binding","target":"node"},` + podsV1,
			"request.object does not decode: json: cannot unmarshal string into Go struct field object.target of type v1.ObjectReference",
		},
		"a subresource of the future, which is no pod": {
			"/validate", `"operation":"CREATE","subResource":"preview","object":{"apiVersion":"policy/v1","kind":"Preview"},` + podsV1,
			`request.object is of apiVersion "policy/v1" and kind "Preview", ` + fmt.Sprintf(other, `"pods/preview"`),
		},
		"a deployment, whose spec is unlike a pod's": {
			"/validate", `"operation":"CREATE","object":{"apiVersion":"apps/v1","kind":"Deployment","spec":{"containers":7}},"namespace":"polyaxon","resource":{"group":"apps","version":"v1","resource":"deployments"}`,
			`request.object is of apiVersion "apps/v1" and kind "Deployment", ` + fmt.Sprintf(other, `"deployments"`),
		},
		"an object without a kind": {
			"/validate", `"operation":"CREATE","object":{},` + podsV1,
			`request.object is of apiVersion "" and kind "", ` + fmt.Sprintf(other, `"pods"`),
		},
		"an operation of the future": {
			"/validate", `"operation":"PATCH","object":` + pod + `,` + podsV1,
			`request.operation is "PATCH", not CREATE, UPDATE, DELETE or CONNECT`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := post(t, testMux(t), tc.path, []byte(reviewOf(`{"uid":"u-1",`+tc.request+`}`))).Response
			want := &metav1.Status{Status: "Failure", Code: 400, Reason: "BadRequest", Message: "polymoat: " + tc.want}
			if got.UID != "u-1" || got.Allowed {
				t.Errorf("got uid %q, allowed %v", got.UID, got.Allowed)
			}
			if diff := cmp.Diff(want, got.Result); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUntouched: what a webhook has nothing to say about passes, even if it could not be decoded.
func TestUntouched(t *testing.T) {
	const deployment = `"object":{"kind":"Deployment","spec":7},"resource":{"group":"apps","version":"v1","resource":"deployments"}`
	for name, tc := range map[string]struct{ path, request string }{
		"mutate of a deployment":     {"/mutate", `"operation":"CREATE",` + deployment},
		"mutate of an update":        {"/mutate", `"operation":"UPDATE",` + podsV1},
		"mutate of a subresource":    {"/mutate", `"operation":"CREATE","subResource":"binding",` + podsV1},
		"mutate of pods of a metric": {"/mutate", `"operation":"CREATE","resource":{"group":"metrics.k8s.io","version":"v1","resource":"pods"}`},
		"validate of a deletion":     {"/validate", `"operation":"DELETE","object":null,` + podsV1},
		"validate of an eviction":    {"/validate", `"operation":"CREATE","subResource":"eviction","object":{"kind":"Eviction","apiVersion":"policy/v1"},` + podsV1},
		"validate of exec":           {"/validate", `"operation":"CONNECT","subResource":"exec","object":{"kind":"PodExecOptions","apiVersion":"v1"},` + podsV1},
	} {
		t.Run(name, func(t *testing.T) {
			w := send(t, testMux(t), tc.path, "application/json", []byte(reviewOf(`{"uid":"u-1",`+tc.request+`}`)))
			want := `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"u-1","allowed":true,"status":{"metadata":{},"code":200}}}`
			if got := w.Body.String(); got != want {
				t.Errorf("answer (-want +got):\n%s", cmp.Diff(want, got))
			}
		})
	}
}

// TestNoResource: an API server always names the resource; without it, the object tells.
func TestNoResource(t *testing.T) {
	object := `"object":{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"app.kubernetes.io/part-of":"polyaxon-runs"}},` +
		`"spec":{"containers":[{"name":"main"}]}}`
	request := `{"uid":"u-1","operation":"CREATE","namespace":"polyaxon",` + object + `}`
	if answer := post(t, testMux(t), "/mutate", []byte(reviewOf(request))).Response; answer.Patch == nil {
		t.Errorf("the pod was not placed: %+v", answer)
	}
}

// TestTooMuchWork: what takes more work than a decision may is refused by validate and workloads, and not for a rule;
// mutate leaves the pod as it is.
func TestTooMuchWork(t *testing.T) {
	requirements := strings.Repeat(`{"key":"a","operator":"Exists"},`, 1000) + `{"key":"b","operator":"Exists"}`
	spec := `"spec":{"containers":[],"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[` +
		requirements + `]}]}}}}`
	const end = "spec.affinity.nodeAffinity takes more work than a decision may; make it smaller; this is not a decision of the policy"
	for path, tc := range map[string]struct{ request, want string }{
		"/mutate":   {podsV1 + `,"object":{"apiVersion":"v1","kind":"Pod",` + spec + "}", ""},
		"/validate": {podsV1 + `,"object":{"apiVersion":"v1","kind":"Pod",` + spec + "}", `polymoat: pods "" is too large to be judged: ` + end},
		"/workloads": {
			`"namespace":"polyaxon","resource":{"resource":"waves"},"object":{"kind":"Wave","a":{` + spec + "}}",
			`polymoat: waves "" is too large to be judged: a.` + end,
		},
	} {
		t.Run(path, func(t *testing.T) {
			got := post(t, testMux(t), path, []byte(reviewOf(`{"uid":"u-1","operation":"CREATE",`+tc.request+`}`))).Response
			if tc.want == "" {
				if !got.Allowed || got.Patch != nil {
					t.Errorf("got %+v", got)
				}
				return
			}
			want := &metav1.Status{Status: "Failure", Code: 413, Reason: "RequestEntityTooLarge", Message: tc.want}
			if diff := cmp.Diff(want, got.Result); diff != "" || got.Allowed {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}
