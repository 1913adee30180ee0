package webhook

import (
	"bytes"
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// TestForgotten: reviews that share memory, one after the other and at once, are answered as by a server that has answered
// nothing before.
func TestForgotten(t *testing.T) {
	raw := benchmarkReview(t)
	big := bigReview(t, raw)
	bodies := [][]byte{
		raw, big, placedReview(t, raw), elsewhere(raw), placedReview(t, big),
		applyPatch(t, raw, []byte(`[{"op":"remove","path":"/request/object/spec/volumes"},{"op":"remove","path":"/request/object/spec/tolerations"}]`)),
		applyPatch(t, raw, []byte(`[{"op":"add","path":"/request/object/spec/nodeName","value":"core-1"},{"op":"remove","path":"/request/object/metadata/labels"}]`)),
		bytes.Replace(raw, []byte(`"containers":`), []byte(`"containers":1,"containers":`), 1), // it does not decode
	}
	answer := func(mux http.Handler, path string, body []byte) string {
		got := send(t, mux, path, "application/json", body)
		return fmt.Sprint(got.Code, got.Body)
	}
	type question struct {
		path string
		body int
	}
	want := map[question]string{}
	for _, path := range []string{"/mutate", "/validate"} {
		for i, body := range bodies {
			want[question{path, i}] = answer(testMux(t), path, body)
		}
	}
	mux := testMux(t)
	var running sync.WaitGroup
	for start := range 8 {
		running.Go(func() {
			for n := range 200 {
				for _, path := range []string{"/mutate", "/validate"} {
					i := (start + n*(start+1)) % len(bodies)
					if got := answer(mux, path, bodies[i]); got != want[question{path, i}] {
						t.Errorf("%s of body %d is answered\n%s, and alone\n%s", path, i, got, want[question{path, i}])
						return
					}
				}
			}
		})
	}
	running.Wait()
}
