package webhook

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	utiljson "sigs.k8s.io/json"
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
		Object      part                        `json:"object"`
		OldObject   part                        `json:"oldObject"`
	} `json:"request"`
}

// part is where a value of a body begins and ends.
type part struct{ from, to int64 }

// UnmarshalJSONFrom passes over the value.
func (p *part) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	value, err := decoder.ReadValue()
	p.to = decoder.InputOffset()
	p.from = p.to - int64(len(value))
	return err
}

// of is the value in the body; nil for null, as in a RawExtension.
func (p part) of(body []byte) []byte {
	if value := body[p.from:p.to]; string(value) != "null" {
		return value
	}
	return nil
}

// reviewIn is the review in a body. It shares its objects with the body.
func reviewIn(body []byte) (review admissionv1.AdmissionReview, err error) {
	var quick envelope
	if json.Unmarshal(body, &quick) != nil {
		err = utiljson.UnmarshalCaseSensitivePreserveInts(body, &review) // its word counts: see decode
		return review, err
	}
	review.TypeMeta = quick.TypeMeta
	if r := quick.Request; r != nil {
		review.Request = &admissionv1.AdmissionRequest{
			UID: r.UID, Resource: r.Resource, SubResource: r.SubResource, Name: r.Name, Namespace: r.Namespace,
			Operation: r.Operation, UserInfo: r.UserInfo, DryRun: r.DryRun,
			Object: runtime.RawExtension{Raw: r.Object.of(body)}, OldObject: runtime.RawExtension{Raw: r.OldObject.of(body)},
		}
	}
	return review, nil
}
