package reporter

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are what a replica tells of the reports that it writes. They outlast its turn as the one that audits.
type Metrics struct {
	wanted, leftOut prometheus.Gauge
	writes          *prometheus.CounterVec
}

// NewMetrics makes them.
func NewMetrics() *Metrics {
	return &Metrics{
		wanted: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "polymoat_reports",
			Help: "Workloads with findings that have a report of OpenReports, or get one; 0 where another replica audits.",
		}),
		leftOut: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "polymoat_reports_left_out",
			Help: fmt.Sprintf("Workloads with findings that get no report, because %d others have one. Should be 0.", DefaultLimits.Reports),
		}),
		writes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "polymoat_report_writes_total",
			Help: "Reports that were created, updated and deleted, and attempts at it that did not succeed.",
		}, []string{"verb", "outcome"}),
	}
}

// Collectors are all of them.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.wanted, m.leftOut, m.writes}
}

// counted counts a write.
func (m *Metrics) counted(verb string, err error) error {
	outcome := "written"
	if err != nil {
		outcome = "failed"
	}
	m.writes.WithLabelValues(verb, outcome).Inc()
	return err
}

// rest tells of no reports.
func (m *Metrics) rest() {
	m.wanted.Set(0)
	m.leftOut.Set(0)
}
