package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
)

// TestMutateThenValidate: the pod of a Polyaxon job is placed and hardened, passes then, and a second mutation changes
// nothing.
func TestMutateThenValidate(t *testing.T) {
	mux, raw := testMux(t), benchmarkReview(t)
	answer := post(t, mux, "/mutate", raw).Response
	if !answer.Allowed || answer.PatchType == nil || *answer.PatchType != admissionv1.PatchTypeJSONPatch {
		t.Fatalf("mutate answered %+v", answer)
	}
	wantAudit := map[string]string{
		"policy": "polyaxon", "policy-hash": v1alpha1.Default().Hash, "verdict": "Allowed",
		"role": "jobs", "why": "label app.kubernetes.io/component=polyaxon-jobs", "pool": "experiments",
	}
	if diff := cmp.Diff(wantAudit, answer.AuditAnnotations); diff != "" {
		t.Errorf("audit annotations (-want +got):\n%s", diff)
	}
	placed := placedReview(t, raw)
	var pod corev1.Pod
	if err := json.Unmarshal(objectOf(t, placed), &pod); err != nil {
		t.Fatal(err)
	}
	if got := pod.Spec.NodeSelector["polyaxon"]; got != "experiments" {
		t.Errorf("the pod was placed on pool %q", got)
	}
	if got := post(t, mux, "/validate", placed).Response; !got.Allowed || got.Result.Code != 200 {
		t.Errorf("validate refused the placed pod: %+v", got.Result)
	}
	again := post(t, mux, "/mutate", placed).Response
	if again.Patch != nil || again.PatchType != nil {
		t.Errorf("a second mutation changes the pod: %s", again.Patch)
	}
}

// TestUnknownFieldsSurvive: fields of a future API are kept in every object of the pod, whatever the patch does there.
func TestUnknownFieldsSurvive(t *testing.T) {
	raw := benchmarkReview(t)
	var tree any
	if err := json.Unmarshal(objectOf(t, raw), &tree); err != nil {
		t.Fatal(err)
	}
	count := plant(tree, "labels", "annotations", "limits", "requests")
	object, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	planted := withObject(t, raw, object)
	patched := objectOf(t, placedReview(t, planted))
	if got := bytes.Count(patched, []byte(`"fieldOfTheFuture"`)); got != count || count < 20 {
		t.Errorf("%d of %d unknown fields are left: %s", got, count, patched)
	}
}

// plant puts an unknown field into every object but the string maps, and returns how many.
func plant(value any, except ...string) int {
	count := 0
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			if !strings.Contains(strings.Join(except, " "), key) {
				count += plant(member, except...)
			}
		}
		v["fieldOfTheFuture"] = []any{1}
		count++
	case []any:
		for _, element := range v {
			count += plant(element, except...)
		}
	}
	return count
}

// TestRefused pins the whole answer to a refused pod: 403, the sentence, a cause for each violation.
func TestRefused(t *testing.T) {
	placed := placedReview(t, benchmarkReview(t))
	core := applyPatch(t, placed, []byte(`[{"op":"add","path":"/request/object/spec/nodeName","value":"node-1"}]`))
	got := post(t, testMux(t), "/validate", core).Response
	if got.Allowed || got.Result == nil || got.Result.Details == nil {
		t.Fatalf("validate answered %+v", got)
	}
	if got.Result.Code != http.StatusForbidden || got.Result.Reason != metav1.StatusReasonForbidden || got.Result.Status != "Failure" {
		t.Errorf("got status %+v", got.Result)
	}
	const name = "plx-operation-11036ea423fda0df5fea669df0135e30-"
	if want := `pods "` + name + `" of role "jobs": environment.nodeName `; !strings.HasPrefix(got.Result.Message, want) {
		t.Errorf("got message %s, want it to begin with %s", got.Result.Message, want)
	}
	details := got.Result.Details
	if details.Name != name || details.Kind != "pods" || len(details.Causes) == 0 {
		t.Fatalf("got details %+v", details)
	}
	if c := details.Causes[0]; c.Type != "node-name" || c.Field != "spec.nodeName" || !strings.Contains(got.Result.Message, c.Message) {
		t.Errorf("got cause %+v", c)
	}
}

var invalidOverride = field.ErrorList{
	field.Invalid(field.NewPath("metadata", "annotations").Key("polymoat.io/node-pool"), "mars", "no such pool"),
}

func TestRefuse(t *testing.T) {
	violation := policy.Violation{Rule: "node-name", Field: field.NewPath("spec", "nodeName"), Detail: `is "core-1"`, Fix: "leave it out"}
	for name, tc := range map[string]struct {
		decision policy.Decision
		want     string
	}{
		"a violation is forbidden": {
			policy.Decision{Policy: "p", Role: "jobs", Why: "w", Violations: []policy.Violation{violation}, Warnings: []string{"look"}},
			`{"uid":"","allowed":false,"status":{"metadata":{},"status":"Failure","message":"pods \"a\" of role \"jobs\": spec.nodeName is \"core-1\"; leave it out [node-name]",` +
				`"reason":"Forbidden","details":{"name":"a","kind":"pods","causes":[{"reason":"node-name","message":"is \"core-1\"; leave it out","field":"spec.nodeName"}]},"code":403},` +
				`"auditAnnotations":{"policy":"p","refused":"spec.nodeName is \"core-1\"; leave it out [node-name]","role":"jobs","rules":"node-name=Enforce","verdict":"Denied","why":"w"},"warnings":["look"]}`,
		},
		"a malformed override is invalid": {
			policy.Decision{Policy: "p", Role: "jobs", Why: "w", Invalid: invalidOverride},
			`{"uid":"","allowed":false,"status":{"metadata":{},"status":"Failure","message":"pods \"a\" is invalid: metadata.annotations[polymoat.io/node-pool]: Invalid value: \"mars\": no such pool",` +
				`"reason":"Invalid","details":{"name":"a","kind":"pods","causes":[{"reason":"FieldValueInvalid","message":"Invalid value: \"mars\": no such pool","field":"metadata.annotations[polymoat.io/node-pool]"}]},"code":422},` +
				`"auditAnnotations":{"policy":"p","role":"jobs","verdict":"Invalid","why":"w"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {

			got, err := encode(admission.Request{}, refuse(tc.decision, "a"))
			if err != nil {
				t.Fatal(err)
			}
			want := `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":` + tc.want + "}"
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCauses: they are bounded, however many containers a pod has; the sentence says how many reasons there are.
func TestCauses(t *testing.T) {
	d := policy.Decision{Role: "jobs", Violations: slices.Repeat([]policy.Violation{{Rule: "node-name", Field: field.NewPath("spec", "nodeName"), Detail: "is a", Fix: "leave it out"}}, 100)}
	response := refuse(d, "a")
	if got := len(response.Result.Details.Causes); got != 64 {
		t.Errorf("got %d causes, want 64", got)
	}
	if want := ". Also: there are 92 more reasons"; !strings.HasSuffix(response.Result.Message, want) {
		t.Errorf("got %s, want it to end with %s", response.Result.Message, want)
	}
}

// TestUpdates: a subresource that carries a pod is an update of it, known or not; an old mistake is no new one.
func TestUpdates(t *testing.T) {
	placed := placedReview(t, benchmarkReview(t))
	object := objectOf(t, placed)
	root := applyPatch(t, object, []byte(`[{"op":"add","path":"/spec/containers/0/securityContext/privileged","value":true}]`))
	for name, tc := range map[string]struct {
		subResource string
		old, object []byte
		want        bool
	}{
		"metadata of a pod that was there before":  {"", root, root, true},
		"ephemeral containers that change nothing": {"ephemeralcontainers", object, object, true},
		"a resize that makes it worse":             {"resize", object, root, false},
		"a status that makes it worse":             {"status", object, root, false},
		"a subresource of the future":              {"teleport", object, root, false},
	} {
		t.Run(name, func(t *testing.T) {
			body := applyPatch(t, placed, fmt.Appendf(nil, `[{"op":"replace","path":"/request/operation","value":"UPDATE"},`+
				`{"op":"add","path":"/request/subResource","value":%q},{"op":"add","path":"/request/oldObject","value":%s},`+
				`{"op":"replace","path":"/request/object","value":%s}]`, tc.subResource, tc.old, tc.object))
			if got := post(t, testMux(t), "/validate", body).Response; got.Allowed != tc.want {
				t.Errorf("got allowed %v: %+v", got.Allowed, got.Result)
			}
		})
	}
}

// TestPanic: our own mistake is 500 and says nothing of a policy; the log has the stack; the next review is answered.
func TestPanic(t *testing.T) {
	var logged bytes.Buffer
	m := newMetrics(nil)
	boom := admission.HandlerFunc(func(context.Context, admission.Request) admission.Response { panic("boom") })
	v := &reviewer{"validate", boom, m, slog.New(slog.NewJSONHandler(&logged, nil))}
	for range 2 {
		got := post(t, v, "/validate", benchmarkReview(t)).Response
		want := &metav1.Status{Status: "Failure", Code: 500, Reason: "InternalError", Message: "polymoat: internal error; this is not a decision of the policy, and polymoat's log says more"}
		if diff := cmp.Diff(want, got.Result); diff != "" || got.Allowed || got.UID == "" {
			t.Errorf("status (-want +got):\n%s", diff)
		}
	}
	for _, want := range []string{`"panic":"boom"`, `"uid":"705ab4f5-6393-11e8-b7cc-42010a800002"`, "webhook.TestPanic"} {
		if !strings.Contains(logged.String(), want) {
			t.Errorf("the log does not say %s: %s", want, &logged)
		}
	}
}
