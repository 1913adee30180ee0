package webhook

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/polymoat/polymoat/internal/plain"
)

// appendAnswer appends the review that answers, as encoding/json would write it but for the order of members. Most
// answers are short and alike, and encoding/json takes longer to write them than the policy to decide.
func appendAnswer(text []byte, uid types.UID, r *admissionv1.AdmissionResponse) ([]byte, error) {
	text = append(text, `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":`...)
	text = plain.Append(text, string(uid))
	text = strconv.AppendBool(append(text, `,"allowed":`...), r.Allowed)
	status := []byte(`{"metadata":{},"code":200}`)
	if r.Result != nil {
		var err error
		if status, err = json.Marshal(r.Result); err != nil {
			return nil, fmt.Errorf("encode the status: %w", err)
		}
	}
	text = append(append(text, `,"status":`...), status...)
	if len(r.Patch) > 0 {
		text = base64.StdEncoding.AppendEncode(append(text, `,"patch":"`...), r.Patch)
		text = plain.Append(append(text, `","patchType":`...), string(*r.PatchType))
	}
	if len(r.AuditAnnotations) > 0 {
		text = appendAnnotations(append(text, `,"auditAnnotations":`...), r.AuditAnnotations)
	}
	if len(r.Warnings) > 0 {
		text = appendStrings(append(text, `,"warnings":`...), r.Warnings)
	}
	return append(text, "}}"...), nil
}

func appendStrings(text []byte, list []string) []byte {
	text = append(text, '[')
	for i, s := range list {
		if i > 0 {
			text = append(text, ',')
		}
		text = plain.Append(text, s)
	}
	return append(text, ']')
}

func appendAnnotations(text []byte, annotations map[string]string) []byte {
	text = append(text, '{')
	var few [8]string // most decisions have no more
	keys := slices.AppendSeq(few[:0], maps.Keys(annotations))
	slices.Sort(keys)
	for i, key := range keys {
		if i > 0 {
			text = append(text, ',')
		}
		text = plain.Append(append(plain.Append(text, key), ':'), annotations[key])
	}
	return append(text, '}')
}
