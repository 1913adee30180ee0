package webhook

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"

	"gomodules.xyz/jsonpatch/v2"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/trail"
)

// allow is the answer to a pod that may pass.
func allow(d policy.Decision) admission.Response {
	return admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{
		Allowed:          true,
		Warnings:         d.Warnings,
		AuditAnnotations: trail.Of(d),
	}}
}

// operation is a jsonpatch.Operation without its MarshalJSON, which makes encoding/json read every value twice.
type operation jsonpatch.Operation

// attach puts the operations into a response, if there are any.
func attach(r *admission.Response, operations []jsonpatch.Operation) error {
	if len(operations) == 0 {
		return nil
	}
	plain := make([]operation, len(operations))
	for i, o := range operations {
		plain[i] = operation(o)
	}
	encoded, err := json.Marshal(plain)
	if err != nil {
		return fmt.Errorf("encode patch: %w", err)
	}
	r.Patch, r.PatchType = encoded, new(admissionv1.PatchTypeJSONPatch)
	return nil
}

// refuse is the answer to an object that the policy forbids (403) or that carries a malformed override (422).
func refuse(d policy.Decision, name string) admission.Response {
	status := &metav1.Status{
		Status:  metav1.StatusFailure,
		Code:    http.StatusForbidden,
		Reason:  metav1.StatusReasonForbidden,
		Message: d.Sentence(name),
		Details: &metav1.StatusDetails{Name: name, Group: d.Resource.Group, Kind: cmp.Or(d.Resource.Resource, "pods"), Causes: causes(d)},
	}
	if len(d.Invalid) > 0 {
		status.Code, status.Reason = http.StatusUnprocessableEntity, metav1.StatusReasonInvalid
	}
	return admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{
		Result:           status,
		Warnings:         d.Warnings,
		AuditAnnotations: trail.Of(d),
	}}
}

// causes are the reasons for programs: the type of a violation is the ID of its rule.
func causes(d policy.Decision) []metav1.StatusCause {
	var list []metav1.StatusCause
	for _, e := range d.Invalid {
		list = append(list, metav1.StatusCause{Type: metav1.CauseType(e.Type), Message: e.ErrorBody(), Field: e.Field})
	}
	for _, v := range d.Violations {
		message := fmt.Sprintf("%s; %s", v.Detail, v.Fix)
		list = append(list, metav1.StatusCause{Type: metav1.CauseType(v.Rule), Message: message, Field: v.Field.String()})
	}
	return list
}

// encode is the body of an answer.
func encode(uid types.UID, r admission.Response) ([]byte, error) {
	if err := r.Complete(admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{UID: uid}}); err != nil {
		return nil, fmt.Errorf("complete the answer: %w", err)
	}
	return json.Marshal(admissionv1.AdmissionReview{TypeMeta: reviewKind, Response: &r.AdmissionResponse})
}

// encodeFault is the body of an answer that says why there is no decision.
func encodeFault(uid types.UID, f *fault) ([]byte, error) {
	status := &metav1.Status{Status: metav1.StatusFailure, Code: int32(f.code), Reason: f.reason(), Message: f.text}
	return encode(uid, admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{Result: status}})
}
