package webhook

import (
	"github.com/go-json-experiment/json/jsontext"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// envelope is the part of an AdmissionReview that is read, with the objects as they were sent.
type envelope struct {
	metav1.TypeMeta `json:",inline"`
	Request         *struct {
		UID         types.UID                   `json:"uid"`
		Resource    metav1.GroupVersionResource `json:"resource"`
		SubResource string                      `json:"subResource"`
		Name        string                      `json:"name"`
		Namespace   string                      `json:"namespace"`
		Operation   admissionv1.Operation       `json:"operation"`
		UserInfo    authenticationv1.UserInfo   `json:"userInfo"`
		DryRun      *bool                       `json:"dryRun"`
		Object      jsontext.Value              `json:"object"`
		OldObject   jsontext.Value              `json:"oldObject"`
	} `json:"request"`
}

// request is the request in it. There must be one.
func (e *envelope) request() admission.Request {
	r := e.Request
	return admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		UID: r.UID, Resource: r.Resource, SubResource: r.SubResource, Name: r.Name, Namespace: r.Namespace,
		Operation: r.Operation, UserInfo: r.UserInfo, DryRun: r.DryRun,
		Object: runtime.RawExtension{Raw: present(r.Object)}, OldObject: runtime.RawExtension{Raw: present(r.OldObject)},
	}}
}

// present is nil for null, as in a RawExtension.
func present(value jsontext.Value) []byte {
	if value.Kind() == 'n' {
		return nil
	}
	return value
}
