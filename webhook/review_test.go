package webhook

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	admissionv1 "k8s.io/api/admission/v1"
)

// testMux serves the built-in policy, without a cluster and without a port.
func testMux(t testing.TB) *http.ServeMux {
	t.Helper()
	mux, _ := testServer(t, slog.DiscardHandler)
	return mux
}

func testServer(t testing.TB, log slog.Handler) (*http.ServeMux, *metrics) {
	t.Helper()
	policies, err := LoadPolicies("")
	if err != nil {
		t.Fatal(err)
	}
	m, logger := newMetrics(policies.documents), slog.New(log)
	return newMux(parts{decider: &decider{policy: policies.compiled, log: logger, today: utcToday}, metrics: m, log: logger}), m
}

// newMux serves reviews and metrics without a port.
func newMux(p parts) *http.ServeMux {
	mux := http.NewServeMux()
	for path, handler := range newHandlers(p) {
		mux.Handle(path, handler)
	}
	mux.Handle("/metrics", p.metrics.handler())
	return mux
}

// send posts any body, and returns the answer whatever it is.
func send(t testing.TB, h http.Handler, path, contentType string, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// post posts a review and returns the review in the answer.
func post(t testing.TB, h http.Handler, path string, body []byte) *admissionv1.AdmissionReview {
	t.Helper()
	w := send(t, h, path, "application/json", body)
	if w.Code != http.StatusOK {
		t.Fatalf("%s answered %d: %s", path, w.Code, w.Body)
	}
	var answer admissionv1.AdmissionReview
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%s answered %s: %v", path, w.Body, err)
	}
	if answer.TypeMeta != reviewKind || answer.Response == nil {
		t.Fatalf("%s answered no AdmissionReview of v1: %s", path, w.Body)
	}
	return &answer
}

// objectOf is the raw object in a review.
func objectOf(t testing.TB, raw []byte) []byte {
	t.Helper()
	var r struct {
		Request struct {
			Object json.RawMessage `json:"object"`
		} `json:"request"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r.Request.Object
}

// withObject is the review with another object.
func withObject(t testing.TB, raw, object []byte) []byte {
	t.Helper()
	return applyPatch(t, raw, []byte(`[{"op":"replace","path":"/request/object","value":`+string(object)+`}]`))
}

func applyPatch(t testing.TB, raw, operations []byte) []byte {
	t.Helper()
	p, err := jsonpatch.DecodePatch(operations)
	if err != nil {
		t.Fatal(err)
	}
	patched, err := p.Apply(raw)
	if err != nil {
		t.Fatalf("%s: %v", operations, err)
	}
	return patched
}
