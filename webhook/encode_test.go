package webhook

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// TestAnswersAsEncodingJSON: an answer is what encoding/json would write.
func TestAnswersAsEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		uid, r := types.UID(rapid.String().Draw(t, "uid")), &admissionv1.AdmissionResponse{
			Allowed:          rapid.Bool().Draw(t, "allowed"),
			Warnings:         rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "warnings"),
			AuditAnnotations: rapid.MapOfN(rapid.String(), rapid.String(), 0, 3).Draw(t, "audit annotations"),
		}
		if rapid.Bool().Draw(t, "patched") {
			r.Patch, r.PatchType = rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "patch"), new(admissionv1.PatchTypeJSONPatch)
		}
		if rapid.Bool().Draw(t, "refused") {
			r.Result = &metav1.Status{Code: 403, Message: rapid.String().Draw(t, "message")}
		}
		got, err := encode(admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{UID: uid}}, admission.Response{AdmissionResponse: *r})
		if err != nil {
			t.Fatal(err)
		}
		if r.UID = uid; r.Result == nil {
			r.Result = &metav1.Status{Code: 200}
		}
		want, err := json.Marshal(admissionv1.AdmissionReview{TypeMeta: reviewKind, Response: r})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tree(t, want), tree(t, got)); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", got, diff)
		}
	})
}

func tree(t *rapid.T, text []byte) (v any) {
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}
