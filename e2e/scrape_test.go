package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape reads metrics as Prometheus' own client does.
func scrape(ctx context.Context, url string) (map[string]*dto.MetricFamily, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, response.Status)
	}
	return parse(response.Body)
}

// scrapeServer reads those of the installed server.
func scrapeServer(ctx context.Context) (map[string]*dto.MetricFamily, error) {
	text, err := control.Installed().Get(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	return parse(strings.NewReader(text))
}

func parse(text io.Reader) (map[string]*dto.MetricFamily, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(text)
}

func labelsOf(m *dto.Metric) map[string]string {
	labels := map[string]string{}
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	return labels
}

// total adds up what a counter or a gauge tells of all series with these labels: "verdict", "Denied", ...
func total(families map[string]*dto.MetricFamily, name string, labels ...string) int {
	sum := 0.0
	for _, m := range families[name].GetMetric() {
		of, all := labelsOf(m), true
		for i := 0; i < len(labels); i += 2 {
			all = all && of[labels[i]] == labels[i+1]
		}
		if all {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return int(sum)
}
