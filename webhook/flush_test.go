package webhook

import (
	"bytes"
	"net/http"
	"testing"
	"time"
)

// TestCollectorThatDoesNotAnswer: the server starts, answers more reviews than there is room for spans, and ends well.
func TestCollectorThatDoesNotAnswer(t *testing.T) {
	r := start(t, Options{TracingEndpoint: silentAddress(t)})
	const reviews = 3000 // of two spans each; 2048 are kept
	r.reviewTraced(t, reviews)
	r.stop()
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

// TestShutdownSendsSpans: what was not sent yet is, before the server has ended.
func TestShutdownSendsSpans(t *testing.T) {
	to := startCollector(t)
	r := start(t, Options{TracingEndpoint: to.Address()})
	r.reviewTraced(t, 3)
	r.stop()
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
	if got := len(to.Trace(callersTrace)); got != 6 {
		t.Errorf("%d spans were sent, want two of each review", got)
	}
}

// reviewTraced sends reviews within the caller's trace, one after the other.
func (r *running) reviewTraced(t *testing.T, reviews int) {
	t.Helper()
	client, body := r.client(), elsewhere(benchmarkReview(t))
	client.Transport.(*http.Transport).DisableKeepAlives = false
	client.Timeout = 5 * time.Second // as long as an API server waits
	for range reviews {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+r.address+"/mutate", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Traceparent", sampled)
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("answered %s", response.Status)
		}
	}
}
