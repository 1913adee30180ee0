package webhook

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/polymoat/polymoat/internal/plain"
	"github.com/polymoat/polymoat/internal/trail"
)

// appendAnswer appends the review that answers, as encoding/json would write it but for the order of members. Most
// answers are short and alike, and encoding/json takes longer to write them than the policy to decide. The audit
// annotations are those of notes.
func appendAnswer(text []byte, uid types.UID, r *admissionv1.AdmissionResponse, notes []trail.Note) ([]byte, error) {
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
	if len(notes) > 0 {
		text = appendNotes(append(text, `,"auditAnnotations":`...), notes)
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

func appendNotes(text []byte, notes []trail.Note) []byte {
	text = append(text, '{')
	for i, n := range notes {
		if i > 0 {
			text = append(text, ',')
		}
		text = plain.Append(append(plain.Append(text, n.Key), ':'), n.Text)
	}
	return append(text, '}')
}
