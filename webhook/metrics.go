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
	"github.com/polymoat/polymoat/internal/auditannotations"
	"github.com/polymoat/polymoat/internal/build"
	"github.com/polymoat/polymoat/internal/policy"
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
	senders    *senders // no metric: doctor asks for them
}

// buckets are those of durations: a decision takes some ten microseconds, and an API server waits for seconds.
var buckets = []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

func newMetrics(policies []policyDocument) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		senders:  &senders{reviews: map[string]int{}},
		reviews: newCounter("polymoat_reviews_total",
			"Decisions, each counted once: Denied by rules, Invalid for an override that is malformed or out of bounds.",
			"policy", "role", "verdict", "webhook", "dry_run"),
		overrides: newCounter("polymoat_overrides_total", "Overrides that were accepted, by name.", "policy", "role", "override", "dry_run"),
		decide: newHistogram("polymoat_decide_duration_seconds",
			"Time that the decision itself takes, with the facts that it asks the cluster for.", "webhook"),
		decisions: newCounter("polymoat_decisions_total",
			"Decisions on pods, by the webhook that was asked. One in which rules fire is counted once for each, with the mode of the rule (Enforce refuses). Otherwise rule and mode are empty. Mode is Shadow where a mutation was not applied.",
			"policy", "role", "verdict", "rule", "mode", "webhook", "dry_run"),
		duration: newHistogram("polymoat_request_duration_seconds",
			"Time from when a review has been read to the last byte of its answer.", "webhook", "verdict"),
		faults: &faults{
			newCounter("polymoat_errors_total", "Reviews that were answered without a decision, by what was wrong.", "kind"),
			rate.NewLimiter(faultsPerSecond, faultsAtOnce),
		},
		suppressed: newCounter("polymoat_log_suppressed_total",
			"Refusals that were not logged, because there were too many at once in their namespace.").WithLabelValues(),
	}
	m.registry.MustRegister(m.reviews, m.decisions, m.overrides, m.decide, m.duration, m.faults.counted, m.suppressed, policyInfo(policies), buildInfo(),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func newCounter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func newHistogram(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

func newGauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
}

func policyInfo(policies []policyDocument) prometheus.Collector {
	info := newGauge("polymoat_policy_info",
		"The policies that are in force, by the first 12 hexadecimal digits of the SHA-256 of their text. Always 1.",
		"policy", "hash")
	for _, p := range policies {
		info.WithLabelValues(p.Name, p.Hash).Set(1)
	}
	return info
}

// exceptionEnds is when each exception of the policies is over. Names come from the policy: a user cannot make series.
func exceptionEnds(files []v1alpha1.File) prometheus.Collector {
	ends := newGauge("polymoat_exception_end_timestamp_seconds",
		"When an exception of the policy is over, in seconds since 1970-01-01 UTC. What it lets through is refused from then on.",
		"policy", "exception")
	for _, f := range files {
		for _, e := range f.Policy.Spec.Exceptions {
			ends.WithLabelValues(f.Policy.Metadata.Name, e.Name).Set(float64(e.Ends().Unix()))
		}
	}
	return ends
}

func buildInfo() prometheus.Collector {
	info := newGauge("polymoat_build_info",
		"The version of polymoat and of the Go that built it. Always 1.",
		"version", "go_version")
	of := build.Read()
	info.WithLabelValues(of.Version, of.Go).Set(1)
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

// decided counts a decision.
func (m *metrics) decided(webhook string, dryRun bool, d policy.Decision) {
	verdict := auditannotations.Verdict(d)
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
}

// unruled is the mode label of a decision in which no rule fires.
func unruled(d policy.Decision) v1alpha1.Mode {
	if d.Shadow {
		return modeShadow
	}
	return ""
}
