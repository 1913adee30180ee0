package monitoring

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"sigs.k8s.io/yaml"
)

// scenario is what promtool calls a test: series, and which alerts fire at a time.
type scenario struct {
	Name           string      `json:"name"`
	Interval       string      `json:"interval"`
	InputSeries    []series    `json:"input_series"`
	AlertRuleTests []alertTest `json:"alert_rule_test"`
}

type series struct {
	Series string `json:"series"`
	Values string `json:"values"`
}

type alertTest struct {
	EvalTime  string  `json:"eval_time"`
	Alertname string  `json:"alertname"`
	ExpAlerts []alert `json:"exp_alerts"`
}

type alert struct {
	Labels      map[string]string `json:"exp_labels"`
	Annotations map[string]string `json:"exp_annotations"`
}

// writeRules writes the rules that the chart renders as a file of Prometheus', and returns its name.
func writeRules(t *testing.T) string {
	t.Helper()
	text, err := yaml.Marshal(rendered(t, "PrometheusRule polymoat", "--set=prometheusRule.enabled=true")["spec"])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAlertsAreRules: Prometheus takes them, they read what is told, and each says what is wrong and what to run.
func TestAlertsAreRules(t *testing.T) {
	groups, errs := rulefmt.ParseFile(writeRules(t), false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	known := all(t)
	for _, rule := range groups.Groups[0].Rules {
		checkQuery(t, known, rule.Expr)
		if !strings.Contains("critical warning info", rule.Labels["severity"]) || rule.Labels["severity"] == "" {
			t.Errorf("%s has the severity %q", rule.Alert, rule.Labels["severity"])
		}
		if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
			t.Errorf("%s does not say what is wrong, or what to run", rule.Alert)
		}
	}
}

// TestAlerts: which alerts fire when, and what they say. Each fires in one scenario, and in another one it does not.
func TestAlerts(t *testing.T) {
	text, err := os.ReadFile("testdata/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		RuleFiles []string   `json:"rule_files"`
		Tests     []scenario `json:"tests"`
	}
	if err := yaml.UnmarshalStrict(text, &file); err != nil {
		t.Fatal(err)
	}
	rulesFile := writeRules(t)
	shown := map[string]map[bool]bool{} // by alert: whether it fires
	for _, s := range file.Tests {
		t.Run(s.Name, func(t *testing.T) { s.run(t, rulesFile, shown) })
	}
	groups, errs := rulefmt.ParseFile(rulesFile, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, rule := range groups.Groups[0].Rules {
		if !shown[rule.Alert][true] || !shown[rule.Alert][false] {
			t.Errorf("%s: no scenario in which it fires, or none in which it does not", rule.Alert)
		}
	}
}

// run evaluates the rules minute by minute, as Prometheus does, and compares what fires at the times of the tests.
func (s scenario) run(t *testing.T, rulesFile string, shown map[string]map[bool]bool) {
	t.Helper()
	interval, err := time.ParseDuration(s.Interval)
	if err != nil {
		t.Fatal(err)
	}
	group := s.load(t, rulesFile, interval)
	var next time.Duration // evaluation
	for _, test := range s.AlertRuleTests {
		until, err := model.ParseDuration(test.EvalTime)
		if err != nil || time.Duration(until) < next-interval {
			t.Fatalf("%s at %s: %v, or not in order", test.Alertname, test.EvalTime, err)
		}
		for ; next <= time.Duration(until); next += interval {
			group.Eval(t.Context(), time.Unix(0, 0).Add(next))
		}
		got := firing(t, group, test.Alertname)
		if diff := cmp.Diff(test.ExpAlerts, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s at %s (-want +got):\n%s", test.Alertname, test.EvalTime, diff)
		}
		if shown[test.Alertname] == nil {
			shown[test.Alertname] = map[bool]bool{}
		}
		shown[test.Alertname][len(got) > 0] = true
	}
}

// load has Prometheus load the series and the rules.
func (s scenario) load(t *testing.T, rulesFile string, interval time.Duration) *rules.Group {
	t.Helper()
	lines := []string{"load " + s.Interval}
	for _, in := range s.InputSeries {
		lines = append(lines, "  "+in.Series+" "+in.Values)
	}
	storage := promqltest.LoadedStorage(t, strings.Join(lines, "\n"))
	engine := promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery)
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(engine, storage), AppendableV2: storage, Context: t.Context(), Logger: slog.New(slog.DiscardHandler),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, Parser: parser.NewParser(parser.Options{}),
	})
	groups, errs := manager.LoadGroups(interval, labels.EmptyLabels(), "", nil, false, rulesFile)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return slices.Collect(maps.Values(groups))[0]
}

// firing are the alerts of a name that somebody is told of.
func firing(t *testing.T, group *rules.Group, name string) []alert {
	t.Helper()
	var found []alert
	for _, rule := range group.AlertingRules() {
		if rule.Name() != name {
			continue
		}
		if err := rule.LastError(); err != nil {
			t.Fatal(err)
		}
		for _, a := range rule.ActiveAlerts() {
			if a.State == rules.StateFiring {
				found = append(found, alert{without(a.Labels, "alertname"), a.Annotations.Map()})
			}
		}
	}
	slices.SortFunc(found, func(a, b alert) int { return strings.Compare(fmt.Sprint(a.Labels), fmt.Sprint(b.Labels)) })
	return found
}

// without are labels but one: promtool's tests leave out the name of the alert, too.
func without(l labels.Labels, name string) map[string]string {
	all := l.Map()
	delete(all, name)
	return all
}
