package monitoring

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/promql/parser"
)

const file = "manifests/chart/dashboards/polymoat.json"

// TestDashboardIsFresh: the file that the chart ships is the one that is drawn here.
func TestDashboardIsFresh(t *testing.T) {
	want, err := Dashboard()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, file)
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is stale; run `cd e2e/monitoring && go test . -update` (-want +got):\n%s", file, diff)
	}
}

// filled are the dashboard's variables as Grafana fills them in.
var filled = strings.NewReplacer("$__rate_interval", "5m", "$__range", "1d", "$namespace", "polymoat-system", "$job", "polymoat", "$timeout", "5")

// TestDashboardQueries: each of them reads what the server tells, and names its series by labels that they have.
func TestDashboardQueries(t *testing.T) {
	known := all(t)
	used := map[string]bool{}
	for _, row := range Rows {
		for _, p := range row.Panels {
			for _, q := range p.Queries {
				text := filled.Replace(q.Expr)
				if strings.Contains(text, "$") {
					t.Errorf("%s: %s has a variable that the dashboard lacks", p.Title, q.Expr)
				}
				checkQuery(t, known, text)
				checkLegend(t, known, text, q.Legend)
				for _, name := range regexp.MustCompile(`polymoat_\w+`).FindAllString(text, -1) {
					used[counted.ReplaceAllString(name, "")] = true
				}
			}
		}
	}
	for name := range metrics(t) {
		if !used[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}

// checkLegend holds that the series of a query have the labels by which they are called.
func checkLegend(t *testing.T, known map[string][]string, text, legend string) {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		return // checkQuery has said so
	}
	have, _ := labelsOf(t, known, expr)
	for _, label := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(legend, -1) {
		if !have[label[1]] {
			t.Errorf("%s: its series have no label %s for %q", text, label[1], legend)
		}
	}
}

// TestDashboardIsDrawnWell: panels do not overlap, and none is wider than the page.
func TestDashboardIsDrawnWell(t *testing.T) {
	taken := map[[2]int]any{}
	ids := map[any]bool{}
	for _, p := range panels(Rows) {
		at := p["gridPos"].(object)
		for x := range at["w"].(int) {
			for y := range at["h"].(int) {
				cell := [2]int{at["x"].(int) + x, at["y"].(int) + y}
				if before, found := taken[cell]; found || cell[0] > 23 {
					t.Fatalf("%q lies on %q, or beside the page", p["title"], before)
				}
				taken[cell] = p["title"]
			}
		}
		if ids[p["id"]] {
			t.Errorf("two panels have the id %v", p["id"])
		}
		ids[p["id"]] = true
	}
}

// TestChartShipsTheDashboard: on request, under the label that Grafana's sidecar looks for, with the chart's timeout.
func TestChartShipsTheDashboard(t *testing.T) {
	shipped := rendered(t, "ConfigMap polymoat-dashboard", "--set=dashboard.enabled=true,dashboard.annotations.grafana_folder=Polyaxon,timeoutSeconds=3")
	metadata := shipped["metadata"].(map[string]any)
	if got := metadata["labels"].(map[string]any)["grafana_dashboard"]; got != "1" {
		t.Errorf("the label grafana_dashboard is %q", got)
	}
	if diff := cmp.Diff(map[string]any{"grafana_folder": "Polyaxon"}, metadata["annotations"]); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	drawn, err := Dashboard()
	if err != nil {
		t.Fatal(err)
	}
	want, got := decoded(t, drawn), decoded(t, []byte(shipped["data"].(map[string]any)["polymoat.json"].(string)))
	variables := want["templating"].(map[string]any)["list"].([]any)
	i := slices.IndexFunc(variables, func(v any) bool { return v.(map[string]any)["name"] == "timeout" })
	timeout := variables[i].(map[string]any)
	timeout["query"], timeout["current"] = "3", map[string]any{"text": "3", "value": "3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the dashboard (-want +got):\n%s", diff)
	}
}

func decoded(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}
