// Package monitoring draws the Grafana dashboard that ships with the chart, and holds it and the alerts against what
// the server tells, with Prometheus' own parser, rules and engine. It is a module of its own: a database of time series
// is no dependency of polymoat's.
package monitoring
