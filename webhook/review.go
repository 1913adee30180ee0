package webhook

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	utiljson "sigs.k8s.io/json"

	"github.com/polymoat/polymoat/internal/auditannotations"
	"github.com/polymoat/polymoat/internal/patch"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/webhook/serve"
)

// reviewKind is the one kind of body that the webhooks read.
var reviewKind = metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"}

// reviewer has a handler answer the reviews that come over HTTP. It is what controller-runtime's admission.Webhook is,
// with a reader that takes a third of the time, and answers that say what was wrong with a review.
type reviewer struct {
	webhook string // "mutate", "validate", "workloads"
	handler admission.Handler
	metrics *metrics
	log     *slog.Logger
}

func (v *reviewer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun, verdict := time.Now(), verdictError
	defer func() { observe(r.Context(), v.metrics.duration.WithLabelValues(v.webhook, verdict), begun) }()
	req, f := read(r)
	if f != nil {
		v.metrics.faults.note(v.log, f, "remote", r.RemoteAddr)
		f.Write(w)
		return
	}
	v.metrics.senders.note(r.RemoteAddr)
	response := v.answer(r.Context(), req)
	verdict = verdictOf(response)
	v.write(w, req, response)
}

// answer asks the handler. One object that it cannot handle takes no other review with it.
func (v *reviewer) answer(ctx context.Context, req admission.Request) (response admission.Response) {
	defer func() {
		if p := recover(); p != nil {
			v.log.Error("panic", "uid", req.UID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			f := internal("panic")
			v.metrics.faults.note(v.log, f, "uid", req.UID)
			response = faulty(f)
		}
	}()
	return v.handler.Handle(ctx, req)
}

// read is the request of the review in the body.
func read(r *http.Request) (admission.Request, *serve.Fault) {
	if r.Method != http.MethodPost {
		return admission.Request{}, serve.NewFault(http.StatusMethodNotAllowed, "method", "the method is %s; POST an AdmissionReview of admission.k8s.io/v1", r.Method)
	}
	if contentType := r.Header.Get("Content-Type"); !isJSON(contentType) {
		return admission.Request{}, serve.NewFault(http.StatusUnsupportedMediaType, "content-type", "the Content-Type is %q; send application/json", contentType)
	}
	if body, whole := r.Body.(serve.Body); whole {
		return decodeReview(body.All)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return admission.Request{}, badReview("body", "the body ends early: %v", err)
	}
	return decodeReview(body)
}

func isJSON(contentType string) bool {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	return mediaType == "application/json"
}

// decodeReview is the request of a review, with its objects as they were sent.
func decodeReview(body []byte) (admission.Request, *serve.Fault) {
	if len(body) == 0 {
		return admission.Request{}, badReview("empty", "the body is empty; send an AdmissionReview of admission.k8s.io/v1")
	}
	if f := bounded(body); f != nil {
		return admission.Request{}, f
	}
	r, err := reviewIn(body)
	if isSyntax, _ := utiljson.SyntaxErrorOffset(err); isSyntax {
		return admission.Request{}, badReview("json", "the body is not JSON: %v", err)
	}
	switch {
	case r.TypeMeta != reviewKind:
		return admission.Request{}, badReview("version", "the body is of apiVersion %q and kind %q; send an AdmissionReview of admission.k8s.io/v1 "+
			"(admissionReviewVersions: [v1] in the webhook configuration)", r.APIVersion, r.Kind)
	case r.Request == nil:
		return admission.Request{}, badReview("request", "the AdmissionReview has no request")
	case r.Request.UID == "":
		return admission.Request{}, badReview("uid", "request.uid is empty")
	case err != nil:
		return admission.Request{}, badReview("review", "the AdmissionReview does not decode: %v", err)
	}
	return admission.Request{AdmissionRequest: *r.Request}, nil
}

// decode reads JSON as an API server does. What encoding/json/v2 takes is unambiguous, and means the same to both; of the
// rest, such as a member that is there twice, the word of sigs.k8s.io/json counts.
func decode[T any](data []byte, into *T) error {
	if json.Unmarshal(data, into) == nil {
		return nil
	}
	*into = *new(T)
	return utiljson.UnmarshalCaseSensitivePreserveInts(data, into)
}

func (v *reviewer) write(w http.ResponseWriter, req admission.Request, response admission.Response) {
	body, err := encode(req, response)
	if err != nil {
		v.log.Error("no answer", "uid", req.UID, "error", err)
		f := internal("encode")
		v.metrics.faults.note(v.log, f, "uid", req.UID)
		f.Write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body))) // or net/http writes it in chunks
	_, _ = w.Write(body)                                      // the client is gone if this fails: there is nobody left to tell
}

// encode is the review that answers.
func encode(req admission.Request, response admission.Response) ([]byte, error) {
	answer := response.AdmissionResponse
	answer.UID = req.UID
	if answer.Result == nil {
		answer.Result = &metav1.Status{Code: http.StatusOK}
	}
	text, err := patch.Text(response.Patches)
	if err != nil {
		return nil, err
	}
	if text != nil {
		answer.Patch, answer.PatchType = text, new(admissionv1.PatchTypeJSONPatch)
	}
	return json.Marshal(&admissionv1.AdmissionReview{TypeMeta: reviewKind, Response: &answer}, patch.AsTyped)
}

// verdictOf is the verdict label of an answer. One without a decision is of a fault, unless it allows.
func verdictOf(response admission.Response) string {
	if verdict := auditannotations.VerdictIn(response.AuditAnnotations); verdict != "" || !response.Allowed {
		return cmp.Or(verdict, verdictError)
	}
	return policy.OutOfScope.String()
}
