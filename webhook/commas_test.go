package webhook

import (
	"fmt"
	"strings"
	"testing"
)

// TestCommas: commas, braces and quotes inside strings are no values. A Job with an argument full of them is created and
// changed, and its finalizer goes; so is its pod placed.
func TestCommas(t *testing.T) {
	mux := testMux(t)
	for name, text := range map[string]string{
		"35 KB": strings.Repeat("1,", 17_000), "1.4 MB": strings.Repeat("1,", 700_000),
		"braces": strings.Repeat(`{\"a\":[1,2]},`, 100_000),
	} {
		spec := fmt.Sprintf(`"spec":{"nodeSelector":{"polyaxon":"experiments"},"securityContext":{"runAsUser":2222,"runAsGroup":2222},"containers":[{"name":"main","image":"i",`+
			`"securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}},"args":["%s"]}]}`, text)
		job := func(more string) string {
			return fmt.Sprintf(`{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"a"%s},"spec":{"template":{"metadata":{%s},%s}}}`, more, runLabels, spec)
		}
		pod := fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a",%s},%s}`, runLabels, spec)
		for step, tc := range map[string]struct{ path, request string }{
			"the Job is created":     {"/workloads", `"operation":"CREATE","object":` + job("")},
			"the Job is changed":     {"/workloads", `"operation":"UPDATE","object":` + job(`,"labels":{"a":"b"}`) + `,"oldObject":` + job("")},
			"its finalizer is taken": {"/workloads", `"operation":"UPDATE","object":` + job("") + `,"oldObject":` + job(`,"finalizers":["a.example.com/b"]`)},
			"its pod is placed":      {"/mutate", `"operation":"CREATE",` + podsV1 + `,"object":` + pod},
			"its pod is judged":      {"/validate", `"operation":"CREATE",` + podsV1 + `,"object":` + pod},
		} {
			body := reviewOf(`{"uid":"u-1","namespace":"polyaxon","userInfo":{"username":"tenant"},` + tc.request + "}")
			if step == "its pod is placed" || step == "its pod is judged" {
				body = reviewOf(`{"uid":"u-1","userInfo":{"username":"tenant"},` + tc.request + "}")
			}
			w := send(t, mux, tc.path, "application/json", []byte(body))
			if w.Code != 200 || !strings.Contains(w.Body.String(), `"allowed":true`) {
				t.Errorf("%s, %s: answered %d %.500s", name, step, w.Code, w.Body)
			}
		}
	}
}
