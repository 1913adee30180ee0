package monitoring

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/polymoat/polymoat/e2e/binaries"
)

// scrapes is what Prometheus 3 asks for.
const scrapes = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2"

const (
	trace       = "0af7651916cd43dd8448eb211c80319c"
	traceparent = "00-" + trace + "-b7ad6b7169203331-01"
)

// TestPrometheusReadsExemplars: the server's own program answers a traced review, and Prometheus' parser finds the trace
// at both latencies of it, and nothing that it does not understand.
func TestPrometheusReadsExemplars(t *testing.T) {
	reviews, metrics := serve(t)
	review, err := os.ReadFile(filepath.Join(root, "webhook", "testdata", "review.json"))
	if err != nil {
		t.Fatal(err)
	}
	answered, _ := ask(t, http.MethodPost, "https://"+reviews+"/mutate", http.Header{"Content-Type": {"application/json"}, "Traceparent": {traceparent}}, review)
	if answered == nil || answered.StatusCode != http.StatusOK {
		t.Fatalf("the review is answered %v", answered)
	}
	scraped, text := ask(t, http.MethodGet, "http://"+metrics+"/metrics", http.Header{"Accept": {scrapes}}, nil)
	parser, err := textparse.New(text, scraped.Header.Get("Content-Type"), labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{} // trace by metric
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var e exemplar.Exemplar
		if entry == textparse.EntrySeries && parser.Exemplar(&e) {
			var of labels.Labels
			parser.Labels(&of)
			got[of.Get(labels.MetricName)] = e.Labels.Get("trace_id")
		}
	}
	want := map[string]string{"polymoat_decide_duration_seconds_bucket": trace, "polymoat_request_duration_seconds_bucket": trace}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exemplars (-want +got):\n%s", diff)
	}
}

// serve runs the server until the test ends, without a cluster and with a collector that is away, and returns where it
// takes reviews and tells metrics.
func serve(t *testing.T) (string, string) {
	t.Helper()
	program, err := binaries.Polymoat(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	reviews, metrics, probes := free(t), free(t), free(t)
	_, port, _ := net.SplitHostPort(reviews)
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program, "--no-cluster", "--port", port, "--cert-dir", t.TempDir(),
		"--metrics-bind-address", metrics, "--metrics-secure=false", "--health-probe-bind-address", probes, "--tracing-endpoint", free(t))
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Log(said.String())
		}
	})
	deadline, tick := time.After(time.Minute), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		if answered, _ := ask(t, http.MethodGet, "http://"+probes+"/readyz", nil, nil); answered != nil && answered.StatusCode == http.StatusOK {
			return reviews, metrics
		}
		select {
		case <-deadline:
			t.Fatalf("the server is not ready:\n%s", said.String())
		case <-tick.C:
		}
	}
}

// free is an address of this machine that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// ask sends a request and reads the answer; nil where there is none.
func ask(t *testing.T, method, url string, header http.Header, body []byte) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		request.Header = header
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return nil, nil
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, text
}
