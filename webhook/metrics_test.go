package webhook

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/polymoat/polymoat/internal/build"
	"github.com/polymoat/polymoat/internal/policy"
)

var discardLog = slog.DiscardHandler

func counterValue(t *testing.T, c prometheus.Counter) float64 {
	t.Helper()
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

// TestMetrics pins the text that a Prometheus server reads.
func TestMetrics(t *testing.T) {
	mux, m := testServer(t, discardLog)
	raw := benchmarkReview(t)
	post(t, mux, "/mutate", raw)
	post(t, mux, "/mutate", bytes.Replace(raw, []byte(`"dryRun":false`), []byte(`"dryRun":true`), 1))
	post(t, mux, "/mutate", bytes.Replace(raw, []byte(`"namespace":"polyaxon","operation"`), []byte(`"namespace":"default","operation"`), 1))
	post(t, mux, "/validate", raw)
	send(t, mux, "/validate", "application/json", nil)
	send(t, mux, "/validate", "text/plain", nil)
	want := `
# HELP polymoat_decisions_total Decisions on pods, by the webhook that was asked. One in which rules fire is counted once for each, with the mode of the rule (Enforce refuses). Otherwise rule and mode are empty. Mode is Shadow where a mutation was not applied.
# TYPE polymoat_decisions_total counter
polymoat_decisions_total{dry_run="false",mode="",policy="",role="",rule="",verdict="OutOfScope",webhook="mutate"} 1
polymoat_decisions_total{dry_run="false",mode="",policy="polyaxon",role="jobs",rule="",verdict="Allowed",webhook="mutate"} 1
polymoat_decisions_total{dry_run="false",mode="Enforce",policy="polyaxon",role="jobs",rule="pod-security",verdict="Denied",webhook="validate"} 1
polymoat_decisions_total{dry_run="false",mode="Enforce",policy="polyaxon",role="jobs",rule="run-as-root",verdict="Denied",webhook="validate"} 1
polymoat_decisions_total{dry_run="true",mode="",policy="polyaxon",role="jobs",rule="",verdict="Allowed",webhook="mutate"} 1
# HELP polymoat_errors_total Reviews that were answered without a decision, by what was wrong.
# TYPE polymoat_errors_total counter
polymoat_errors_total{kind="content-type"} 1
polymoat_errors_total{kind="empty"} 1
`
	if diff := cmp.Diff(want[1:], scrapeMetrics(t, mux, "polymoat_decisions_total", "polymoat_errors_total")); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	for verdict, want := range map[string]uint64{"Allowed": 2, "OutOfScope": 1} {
		if got := observations(t, m.duration.WithLabelValues("mutate", verdict)); got != want {
			t.Errorf("%d durations of mutate are %s, want %d", got, verdict, want)
		}
	}
	if got := observations(t, m.duration.WithLabelValues("validate", verdictError)); got != 2 {
		t.Errorf("%d durations of errors, want 2", got)
	}
}

func observations(t *testing.T, o prometheus.Observer) uint64 {
	t.Helper()
	var m dto.Metric
	if err := o.(prometheus.Histogram).Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetHistogram().GetSampleCount()
}

func TestInfoMetrics(t *testing.T) {
	m := newMetrics([]policyDocument{{"a", "012345678901"}, {"b", "abcdefabcdef"}})
	of := build.Read()
	want := `
# HELP polymoat_build_info The version of polymoat and of the Go that built it. Always 1.
# TYPE polymoat_build_info gauge
polymoat_build_info{go_version="` + of.Go + `",version="` + of.Version + `"} 1
# HELP polymoat_policy_info The policies that are in force, by the first 12 hexadecimal digits of the SHA-256 of their text. Always 1.
# TYPE polymoat_policy_info gauge
polymoat_policy_info{hash="012345678901",policy="a"} 1
polymoat_policy_info{hash="abcdefabcdef",policy="b"} 1
`
	if diff := cmp.Diff(want[1:], scrapeMetrics(t, m.handler(), "polymoat_build_info", "polymoat_policy_info")); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// scrapeMetrics is the text of some metrics.
func scrapeMetrics(t *testing.T, h http.Handler, names ...string) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	var text strings.Builder
	for line := range strings.Lines(w.Body.String()) {
		if slices.ContainsFunc(names, func(name string) bool { return strings.Contains(line, name) }) {
			text.WriteString(line)
		}
	}
	return text.String()
}

// TestInvalidIsCountedApart: a malformed override is neither a violation nor an error.
func TestInvalidIsCountedApart(t *testing.T) {
	m := newMetrics(nil)
	d := policy.Decision{Policy: "p", Role: "jobs", Invalid: invalidOverride}
	m.decided("validate", false, d)
	if got := counterValue(t, m.decisions.WithLabelValues("p", "jobs", "Invalid", "", "", "validate", "false")); got != 1 {
		t.Errorf("counted %v", got)
	}
}

// TestLog: one line says who was refused what, and nothing of what the pod holds.
func TestLog(t *testing.T) {
	var logged bytes.Buffer
	handler := slog.NewJSONHandler(&logged, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	mux, _ := testServer(t, handler)
	raw, err := os.ReadFile("testdata/review.json")
	if err != nil {
		t.Fatal(err)
	}
	post(t, mux, "/mutate", raw)
	post(t, mux, "/validate", raw)
	send(t, mux, "/validate", "application/json", bytes.Replace(raw, []byte(`"image":"polyaxon`), []byte(`"image":5,"x":"secret`), 1))
	want := `{"level":"INFO","msg":"refused","webhook":"validate","uid":"705ab4f5-6393-11e8-b7cc-42010a800002",` +
		`"user":"system:serviceaccount:kube-system:job-controller","namespace":"polyaxon","name":"plx-operation-11036ea423fda0df5fea669df0135e30-",` +
		`"operation":"CREATE","resource":"pods","policy":"polyaxon","role":"jobs","rules":["run-as-root","pod-security"],"invalid":0,"dryRun":false}
{"level":"WARN","msg":"review not answered","webhook":"validate","kind":"object","code":400,"uid":"705ab4f5-6393-11e8-b7cc-42010a800002"}
`
	if diff := cmp.Diff(want, logged.String()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}
