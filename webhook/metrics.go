package webhook

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/trail"
	"github.com/polymoat/polymoat/webhook/serve"
)

// verdictError is the verdict label of a review that was answered with a fault.
const verdictError = "Error"

// modeShadow is the mode label of a mutation that was not applied.
const modeShadow = "Shadow"

// metrics is everything that polymoat counts. Label values come from the policy and from lists in the code, never from
// a request: a user cannot make series.
type metrics struct {
	registry  *prometheus.Registry
	reviews   *prometheus.CounterVec
	decisions *prometheus.CounterVec
	overrides *prometheus.CounterVec
	decide    *prometheus.HistogramVec
	duration  *prometheus.HistogramVec
	faults    *faults

	suppressed prometheus.Counter
}

// buckets are those of durations: a decision takes some ten microseconds, and an API server waits for seconds.
var buckets = []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

func newMetrics(policies []policyDocument) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		reviews: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "polymoat_reviews_total",
			Help: "Decisions, each counted once: Denied by rules, Invalid for an override that is malformed or out of bounds.",
		}, []string{"policy", "role", "verdict", "webhook", "dry_run"}),
		overrides: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "polymoat_overrides_total",
			Help: "Overrides that were accepted, by name.",
		}, []string{"policy", "role", "override", "dry_run"}),
		decide: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "polymoat_decide_duration_seconds",
			Help:    "Time that the decision itself takes, with the facts that it asks the cluster for.",
			Buckets: buckets,
		}, []string{"webhook"}),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "polymoat_decisions_total",
			Help: "Decisions on pods, by the webhook that was asked. One in which rules fire is counted once for each, with the mode of the rule (Enforce refuses); rule and mode are empty otherwise, and mode is Shadow where a mutation was not applied.",
		}, []string{"policy", "role", "verdict", "rule", "mode", "webhook", "dry_run"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "polymoat_request_duration_seconds",
			Help:    "Time from when a review has been read to the last byte of its answer.",
			Buckets: buckets,
		}, []string{"webhook", "verdict"}),
		faults: &faults{prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "polymoat_errors_total",
			Help: "Reviews that were answered without a decision, by what was wrong.",
		}, []string{"kind"}), rate.NewLimiter(faultsPerSecond, faultsAtOnce)},
		suppressed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "polymoat_log_suppressed_total",
			Help: "Refusals that were not logged, because there were too many at once in their namespace.",
		}),
	}
	m.registry.MustRegister(m.reviews, m.decisions, m.overrides, m.decide, m.duration, m.faults.counted, m.suppressed, policyInfo(policies), buildInfo(),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func policyInfo(policies []policyDocument) prometheus.Collector {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "polymoat_policy_info",
		Help: "The policies that are in force, by the first 12 hexadecimal digits of the SHA-256 of their text. Always 1.",
	}, []string{"policy", "hash"})
	for _, p := range policies {
		info.WithLabelValues(p.Name, p.Hash).Set(1)
	}
	return info
}

// exceptionEnds is when each exception of the policies is over. Names come from the policy: a user cannot make series.
func exceptionEnds(files []v1alpha1.File) prometheus.Collector {
	ends := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "polymoat_exception_end_timestamp_seconds",
		Help: "When an exception of the policy is over, in seconds since 1970-01-01 UTC. What it lets through is refused from then on.",
	}, []string{"policy", "exception"})
	for _, f := range files {
		for _, e := range f.Policy.Spec.Exceptions {
			ends.WithLabelValues(f.Policy.Metadata.Name, e.Name).Set(float64(e.Ends().Unix()))
		}
	}
	return ends
}

func buildInfo() prometheus.Collector {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "polymoat_build_info",
		Help: "The version of polymoat and of the Go that built it. Always 1.",
	}, []string{"version", "go_version"})
	version, goVersion := Version()
	info.WithLabelValues(version, goVersion).Set(1)
	return info
}

// inFlight tells how many bytes of reviews there are.
func inFlight(s *serve.Server) []prometheus.Collector {
	gauge := func(state string, bytes func(serve.InFlight) int64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "polymoat_in_flight_bytes",
			Help:        "Bytes of the reviews that arrive, that wait because there are too many, and that are decided; 64 KiB for each of the last two at least. Bounded by --max-in-flight.",
			ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 { return float64(bytes(s.InFlight())) })
	}
	return []prometheus.Collector{
		gauge("arriving", func(f serve.InFlight) int64 { return f.Arriving }),
		gauge("waiting", func(f serve.InFlight) int64 { return f.Waiting }),
		gauge("deciding", func(f serve.InFlight) int64 { return f.Deciding }),
	}
}

func (m *metrics) handler() http.Handler {
	// Exemplars are told in OpenMetrics only.
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, EnableOpenMetrics: true})
}

// observe records how long something took since it began. Where it is traced, the trace is the exemplar.
func observe(ctx context.Context, o prometheus.Observer, begun time.Time) {
	seconds := time.Since(begun).Seconds()
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		o.(prometheus.ExemplarObserver).ObserveWithExemplar(seconds, prometheus.Labels{"trace_id": span.TraceID().String()})
		return
	}
	o.Observe(seconds)
}

// decided counts a decision and returns its verdict label.
func (m *metrics) decided(webhook string, dryRun bool, d policy.Decision) string {
	verdict := trail.Verdict(d)
	dry := strconv.FormatBool(dryRun)
	m.reviews.WithLabelValues(d.Policy, d.Role, verdict, webhook, dry).Inc()
	for _, name := range d.Accepted {
		m.overrides.WithLabelValues(d.Policy, d.Role, name, dry).Inc()
	}
	uses := d.Rules()
	if len(uses) == 0 {
		uses = []policy.RuleUse{{Mode: unruled(d)}}
	}
	for _, use := range uses {
		m.decisions.WithLabelValues(d.Policy, d.Role, verdict, use.Rule, string(use.Mode), webhook, dry).Inc()
	}
	return verdict
}

// unruled is the mode label of a decision in which no rule fires.
func unruled(d policy.Decision) v1alpha1.Mode {
	if d.Shadow {
		return modeShadow
	}
	return ""
}
