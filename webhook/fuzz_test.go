package webhook

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
)

// FuzzHandler: any bytes give a well-formed answer, and no panic is ever recovered from.
func FuzzHandler(f *testing.F) {
	raw, err := os.ReadFile("testdata/review.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		"", "null", "[]", string(raw), reviewOf("{}"), reviewOf(`{"uid":"a"}`), string(raw) + "}", deep(200),
		strings.Replace(string(raw), `"oldObject":null`, `"oldObject":{"kind":"Pod","apiVersion":"v1"}`, 1),
		strings.Replace(string(raw), `"CREATE"`, `"UPDATE"`, 1),
		reviewOf(`{"uid":"a","operation":"CREATE","object":{"apiVersion":"v1","kind":"Binding","target":{"name":"a"}},` + podsV1 + `}`),
		reviewOf(`{"uid":"a","operation":"UPDATE","subResource":"ephemeralcontainers","oldObject":{"apiVersion":"v1","kind":"Pod"},` +
			`"object":{"apiVersion":"v1","kind":"Pod","spec":{"ephemeralContainers":[{"name":"a"}]}},` + podsV1 + `}`),
		strings.Replace(string(raw), `"containers":[`, `"containers":[null,`, 1),
		strings.Replace(string(raw), `"volumes":[`, `"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{}]}}},"volumes":[`, 1),
		reviewOf(`{"uid":"a","operation":"UPDATE","namespace":"polyaxon","object":` + deployment(coreLabels+","+inside) + `,"oldObject":` + deployment(runLabels+","+inside) + "}"),
		reviewOf(`{"uid":"a","operation":"CREATE","namespace":"polyaxon","object":{"apiVersion":"apps/v1","kind":"ControllerRevision","data":{"spec":{"template":{"metadata":5}}}}}`),
		strings.Replace(string(raw), `"securityContext":{}`, `"securityContext":null`, 1),
	} {
		f.Add([]byte(seed))
	}
	mux, metrics := testServer(f, discardLog)
	panics := metrics.faults.counted.WithLabelValues("panic")
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{"/mutate", "/validate", "/workloads"} {
			w := send(t, mux, path, "application/json", body)
			if got := counterValue(t, panics); got != 0 {
				t.Fatalf("%s panicked", path)
			}
			if w.Code == http.StatusBadRequest && strings.HasPrefix(messageOf(t, w), "polymoat: ") {
				continue
			}
			var answer admissionv1.AdmissionReview
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
				t.Fatalf("%s answered %d %s: %v", path, w.Code, w.Body, err)
			}
			r := answer.Response
			if answer.TypeMeta != reviewKind || r == nil || r.UID == "" || (!r.Allowed && r.Result.Message == "") || r.Result.Code == 500 {
				t.Fatalf("%s answered %s", path, w.Body)
			}
			if r.Patch != nil && (path != "/mutate" || !json.Valid(r.Patch)) {
				t.Fatalf("%s patches with %s", path, r.Patch)
			}
		}
	})
}
