package webhook

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utiljson "sigs.k8s.io/json"
)

// envelope is an AdmissionReview with the objects as they were sent, and without what nobody looks at.
type envelope struct {
	metav1.TypeMeta `json:",inline"`
	Request         *struct {
		admissionv1.AdmissionRequest `json:",inline"`
		Object                       part   `json:"object"`
		OldObject                    part   `json:"oldObject"`
		Kind                         passed `json:"kind"`
		RequestKind                  passed `json:"requestKind"`
		RequestResource              passed `json:"requestResource"`
		Options                      passed `json:"options"`
	} `json:"request"`
}

// passed is a value that is not read.
type passed struct{}

// UnmarshalJSONFrom passes over the value.
func (*passed) UnmarshalJSONFrom(decoder *jsontext.Decoder) error { return decoder.SkipValue() }

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
		review.Request = &r.AdmissionRequest
		review.Request.Object.Raw, review.Request.OldObject.Raw = r.Object.of(body), r.OldObject.of(body)
	}
	return review, nil
}
