package webhook

import (
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/webhook/serve"
)

// TestSizes: pods of any size that an API server accepts are answered.
func TestSizes(t *testing.T) {
	mux, raw := testMux(t), benchmarkReview(t)
	containers := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf(`{"name":"c%d","image":"busybox"}`, i)
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	for name, operation := range map[string]string{
		"3 MiB":                        `{"op":"add","path":"/request/object/metadata/annotations/big","value":"` + strings.Repeat("x", 3<<20) + `"}`,
		"no containers":                `{"op":"remove","path":"/request/object/spec/containers"}`,
		"500 containers":               `{"op":"replace","path":"/request/object/spec/containers","value":` + containers(500) + `}`,
		"a field of 9,000 levels":      `{"op":"add","path":"/request/object/spec/future","value":` + deep(9_000) + `}`,
		"a namespace that is not ours": `{"op":"replace","path":"/request/namespace","value":"elsewhere"}`,
	} {
		t.Run(name, func(t *testing.T) {
			body := applyPatch(t, raw, []byte("["+operation+"]"))
			answer := post(t, mux, "/mutate", body).Response
			if !answer.Allowed {
				t.Fatalf("mutate refused: %+v", answer.Result)
			}
			if answer.Patch != nil {
				body = withObject(t, body, applyPatch(t, objectOf(t, body), answer.Patch))
			}
			if got := post(t, mux, "/validate", body).Response.Result.Code; got != 200 && got != 403 {
				t.Errorf("validate answered %d", got)
			}
		})
	}
}

// TestBombs: of what is small as text and large in memory no more is made than there is room for, whatever part of a pod it is
// and whichever decoder reads it.
func TestBombs(t *testing.T) {
	mux, raw := testMux(t), benchmarkReview(t)
	for what, elem := range map[string]string{
		"containers": `{}`, "initContainers": `null`, "ephemeralContainers": `{}`, "tolerations": `{}`, "volumes": `{}`,
		"affinity": `{}`, "imagePullSecrets": `{}`,
	} {
		list := "[" + strings.Repeat(elem+",", (serve.LargestReview-len(raw)-200)/(len(elem)+1)) + elem + "]"
		if what == "affinity" {
			list = `{"podAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":` + list + `}}`
		}
		body := applyPatch(t, raw, []byte(`[{"op":"add","path":"/request/object/spec/`+what+`","value":"bomb"}]`))
		body = bytes.Replace(body, []byte(`"bomb"`), []byte(list), 1)
		doubtful := bytes.Replace(body, []byte(`"request":{`), []byte(`"request":{"uid":"a",`), 1)
		for name, body := range map[string][]byte{what: body, what + ", doubtful": doubtful} {
			t.Run(name, func(t *testing.T) { checkMemory(t, mux, body) })
		}
	}
}

// checkMemory holds that the answer to a review takes no more than 160 MiB in all, garbage included: a third of it at a time.
func checkMemory(t *testing.T, mux http.Handler, body []byte) {
	t.Helper()
	for _, path := range []string{"/mutate", "/validate", "/workloads"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		send(t, mux, path, "application/json", body)
		runtime.ReadMemStats(&after)
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 160 {
			t.Errorf("%s took %d MiB for %d", path, took, len(body)>>20)
		}
	}
}

// TestDuplicateKeys: the last one counts, as it does for the API server, which never sends two.
func TestDuplicateKeys(t *testing.T) {
	raw := bytes.Replace(benchmarkReview(t), []byte(`"namespace":"polyaxon","operation"`), []byte(`"namespace":"polyaxon","namespace":"elsewhere","operation"`), 1)
	if got := post(t, testMux(t), "/mutate", raw).Response; got.Patch != nil || got.AuditAnnotations != nil {
		t.Errorf("got patch %s, audit annotations %v", got.Patch, got.AuditAnnotations)
	}
}
