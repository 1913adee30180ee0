package webhook

import (
	"cmp"
	"fmt"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/polymoat/polymoat/internal/auditannotations"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/webhook/serve"
)

// allow is the answer to a pod that may pass.
func allow(d policy.Decision) admission.Response {
	return admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{
		Allowed: true, Warnings: d.Warnings, AuditAnnotations: auditannotations.Annotations(d),
	}}
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
		Result: status, Warnings: d.Warnings, AuditAnnotations: auditannotations.Annotations(d),
	}}
}

// mostCauses bounds an answer: a pod with thousands of containers breaks a rule in each. The first eight are in the
// sentence, which also says how many there are.
const mostCauses = 64

// causes are the reasons for programs: the type of a violation is the ID of its rule.
func causes(d policy.Decision) []metav1.StatusCause {
	var list []metav1.StatusCause
	for _, e := range d.Invalid[:min(len(d.Invalid), mostCauses)] {
		list = append(list, metav1.StatusCause{Type: metav1.CauseType(e.Type), Message: e.ErrorBody(), Field: e.Field})
	}
	for _, v := range d.Violations[:min(len(d.Violations), mostCauses-len(list))] {
		message := fmt.Sprintf("%s; %s", v.Proven(), v.Fix)
		list = append(list, metav1.StatusCause{Type: metav1.CauseType(v.Rule), Message: message, Field: v.Field.String()})
	}
	return list
}

// faulty is the answer that says why there is no decision.
func faulty(f *serve.Fault) admission.Response {
	return admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{Result: f.Status()}}
}
