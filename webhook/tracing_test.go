package webhook

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"

	"github.com/polymoat/polymoat/internal/collector"
	"github.com/polymoat/polymoat/internal/logging"
	"github.com/polymoat/polymoat/internal/tracing"
)

const (
	callersTrace = "0af7651916cd43dd8448eb211c80319c"
	callersSpan  = "b7ad6b7169203331"
	sampled      = "00-" + callersTrace + "-" + callersSpan + "-01"
	notSampled   = "00-" + callersTrace + "-" + callersSpan + "-00"
)

// tracedMux serves the built-in policy and sends spans to an address.
func tracedMux(t *testing.T, address string) (*http.ServeMux, *tracing.Tracer) {
	t.Helper()
	policies, err := LoadPolicies("")
	if err != nil {
		t.Fatal(err)
	}
	spans := tracerTo(t, address)
	log := slog.New(slog.DiscardHandler)
	d := &decider{policy: policies.compiled, log: log, today: utcToday}
	return newMux(parts{decider: d, metrics: newMetrics(policies.documents), tracer: spans, log: log}), spans
}

// tracerTo ends with the test, and what is not sent by then never is.
func tracerTo(t *testing.T, address string) *tracing.Tracer {
	t.Helper()
	spans, err := tracing.New(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { spans.Flush(context.WithoutCancel(t.Context()), slog.New(slog.DiscardHandler)) })
	return spans
}

func startCollector(t *testing.T) *collector.Collector {
	t.Helper()
	c, err := collector.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

// postTraced posts a review within a trace of the caller's.
func postTraced(t *testing.T, h http.Handler, path, traceparent string, body []byte) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Traceparent", traceparent)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("%s answered %d %s", path, w.Code, w.Body)
	}
}

// TestSpans: a review continues the trace of its caller, with what was decided and nothing of the pod.
func TestSpans(t *testing.T) {
	to := startCollector(t)
	mux, spans := tracedMux(t, to.Address())
	raw := benchmarkReview(t)
	postTraced(t, mux, "/mutate", sampled, elsewhere(raw))
	postTraced(t, mux, "/validate", sampled, bytes.Replace(raw, []byte(`"dryRun":false`), []byte(`"dryRun":true`), 1))
	postTraced(t, mux, "/validate", sampled, bytes.Replace(raw, []byte(`"image":"polyaxon`), []byte(`"image":5,"x":"secret`), 1))
	postTraced(t, mux, "/validate", notSampled, raw)
	post(t, mux, "/validate", raw)
	spans.Flush(t.Context(), slog.New(slog.DiscardHandler))
	type decision struct {
		Webhook, Failed string
		Attributes      map[string]string
	}
	var got []decision
	all := to.Trace(callersTrace)
	for _, s := range all {
		if s.Name != "decide" {
			continue
		}
		i := slices.IndexFunc(all, func(parent collector.Span) bool { return parent.ID == s.Parent })
		if i < 0 || all[i].Parent != callersSpan || all[i].Service != "polymoat" {
			t.Errorf("%+v is not part of a review within the caller's span", s)
			continue
		}
		got = append(got, decision{all[i].Attributes["http.target"], s.Failed, s.Attributes})
	}
	want := []decision{
		{"/mutate", "", map[string]string{"polymoat.dry_run": "false", "polymoat.verdict": "OutOfScope"}},
		{"/validate", "", map[string]string{
			"polymoat.dry_run": "true", "polymoat.verdict": "Denied", "polymoat.policy": "polyaxon", "polymoat.role": "jobs",
			"polymoat.rules": "run-as-root=Enforce pod-security=Enforce",
		}},
		{"/validate", "object", map[string]string{"polymoat.dry_run": "false"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
	if len(all) != 2*len(want) {
		t.Errorf("%d spans, want %d: two of each review that the caller samples", len(all), 2*len(want))
	}
}

// TestExemplars: in OpenMetrics a latency names the trace that it was measured in, where there is one.
func TestExemplars(t *testing.T) {
	mux, _ := tracedMux(t, startCollector(t).Address())
	for _, tc := range []struct {
		traceparent string
		want        []string
	}{
		{notSampled, nil},
		{sampled, []string{"polymoat_decide_duration_seconds_bucket", "polymoat_request_duration_seconds_bucket"}},
	} {
		postTraced(t, mux, "/mutate", tc.traceparent, benchmarkReview(t))
		if got := exemplars(t, mux); !slices.Equal(got, tc.want) {
			t.Errorf("with traceparent %s %q have exemplars, want %q", tc.traceparent, got, tc.want)
		}
	}
}

var exemplar = regexp.MustCompile(`(?m)^(\w+)\{.*\} \d+ # \{trace_id="` + callersTrace + `"\} `)

// exemplars are the metrics that name the caller's trace.
func exemplars(t *testing.T, h http.Handler) []string {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, "application/openmetrics-text; version=1.0.0;") {
		t.Errorf("the metrics are of type %q", got)
	}
	var names []string
	for _, found := range exemplar.FindAllStringSubmatch(w.Body.String(), -1) {
		names = append(names, found[1])
	}
	return names
}

// TestTracedReviewsAreReadInTime: what wraps the answer does not hide that it can bound how long a body may take.
func TestTracedReviewsAreReadInTime(t *testing.T) {
	spans := tracerTo(t, "127.0.0.1:4317")
	served := httptest.NewServer(spans.Handler("mutate", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).SetReadDeadline(time.Now()); err != nil {
			t.Error(err)
		}
	})))
	defer served.Close()
	if code, text := fetch(t, served.Client(), served.URL); code != 200 {
		t.Errorf("got %d %s", code, text)
	}
}

// TestSpansThatAreNotSent: the log says so, once a minute.
func TestSpansThatAreNotSent(t *testing.T) {
	var logged bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	before := slog.Default()
	logging.Adopt(log)
	t.Cleanup(func() { logging.Adopt(before) })
	otel.Handle(errors.New("connection refused"))
	otel.Handle(errors.New("connection refused"))
	mux, spans := tracedMux(t, silentAddress(t))
	postTraced(t, mux, "/mutate", sampled, benchmarkReview(t))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	spans.Flush(gone, log)
	want := `{"level":"WARN","msg":"spans were not sent","error":"connection refused"}
{"level":"WARN","msg":"the last spans were not sent","error":"context canceled"}
`
	if diff := cmp.Diff(want, logged.String()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// silentAddress is that of somebody who takes connections and never says a word.
func silentAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}
