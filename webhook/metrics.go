package webhook

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
	"github.com/polymoat/polymoat/internal/policy"
	"github.com/polymoat/polymoat/internal/trail"
)

// verdictError is the verdict label of a review that was answered with a fault.
const verdictError = "Error"

// modeShadow is the mode label of a mutation that was not applied.
const modeShadow = "Shadow"

// metrics is everything that polymoat counts. Label values come from the policy and from lists in the code, never from
// a request: a user cannot make series.
type metrics struct {
	registry  *prometheus.Registry
	decisions *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	errors    *prometheus.CounterVec
}

func newMetrics(policies []policyDocument) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "polymoat_decisions_total",
			Help: "Decisions on pods, by the webhook that was asked. One in which rules fire is counted once for each, with the mode of the rule (Enforce refuses); rule and mode are empty otherwise, and mode is Shadow where a mutation was not applied.",
		}, []string{"policy", "role", "verdict", "rule", "mode", "webhook", "dry_run"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "polymoat_request_duration_seconds",
			Help:    "Time from the first byte of a review's body to the last byte of its answer.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"webhook", "verdict"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "polymoat_errors_total",
			Help: "Reviews that were answered without a decision, by what was wrong.",
		}, []string{"kind"}),
	}
	m.registry.MustRegister(m.decisions, m.duration, m.errors, policyInfo(policies), buildInfo(),
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

func buildInfo() prometheus.Collector {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "polymoat_build_info",
		Help: "The version of polymoat and of the Go that built it. Always 1.",
	}, []string{"version", "go_version"})
	version, goVersion := Version()
	info.WithLabelValues(version, goVersion).Set(1)
	return info
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// decided counts a decision and returns its verdict label.
func (m *metrics) decided(webhook string, dryRun bool, d policy.Decision) string {
	verdict := trail.Verdict(d)
	uses := d.Rules()
	if len(uses) == 0 {
		uses = []policy.RuleUse{{Mode: unruled(d)}}
	}
	for _, use := range uses {
		m.decisions.WithLabelValues(d.Policy, d.Role, verdict, use.Rule, string(use.Mode), webhook, strconv.FormatBool(dryRun)).Inc()
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
