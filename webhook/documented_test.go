package webhook

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/polymoat/polymoat/certs"
	"github.com/polymoat/polymoat/internal/auditor"
	"github.com/polymoat/polymoat/internal/reporter"
	"github.com/polymoat/polymoat/webhook/serve"
)

var update = flag.Bool("update", false, "write the table of metrics in README.md; then read the difference")

var (
	described  = regexp.MustCompile(`fqName: "(polymoat_\w+)", help: "(.*)", unit: "", constLabels: {(.*)}, variableLabels: {(.*)}}`)
	documented = regexp.MustCompile(`(?s)<!-- metrics -->\n(.*?)<!-- end -->`)
)

// TestREADMEMetrics holds that the table of metrics in README.md is what the server registers; -update writes it.
func TestREADMEMetrics(t *testing.T) {
	m := newMetrics(nil)
	all := []prometheus.Collector{
		m.reviews, m.decisions, m.overrides, m.decide, m.duration, m.faults.counted, m.suppressed, policyInfo(nil), buildInfo(),
		exceptionEnds(nil), certs.ExpiryMetric(nil, certs.Files), inFlight(serve.New(serve.Options{}))[0], &auditor.Auditor{}, auditor.NewEvents(nil, nil, nil, nil),
	}
	all = append(all, reporter.NewMetrics().Collectors()...)
	var rows []string
	for _, c := range all {
		out := make(chan *prometheus.Desc, 10)
		c.Describe(out)
		close(out)
		for d := range out {
			found := described.FindStringSubmatch(d.String())
			if found == nil {
				t.Fatalf("not understood: %s", d)
			}
			fixed, _, _ := strings.Cut(found[3], "=")
			labels := strings.ReplaceAll(strings.Trim(fixed+","+found[4], ","), ",", "`, `")
			if labels != "" {
				labels = "`" + labels + "`"
			}
			rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |\n", found[1], labels, found[2]))
		}
	}
	slices.Sort(rows)
	want := "| metric | labels | what it tells |\n|---|---|---|\n" + strings.Join(rows, "")
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	part := documented.FindStringSubmatch(string(b))
	if part == nil {
		t.Fatal("README.md has no table of metrics")
	}
	if *update {
		written := strings.Replace(string(b), part[0], "<!-- metrics -->\n"+want+"<!-- end -->", 1)
		if err := os.WriteFile("README.md", []byte(written), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, part[1]); diff != "" {
		t.Errorf("metrics; go test ./webhook -run README -update writes them (-want +got):\n%s", diff)
	}
}
