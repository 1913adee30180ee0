package monitoring

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// foreign are the metrics of others, with their labels: Prometheus' own of its targets, and the API server's of webhooks.
var foreign = map[string][]string{
	"up": nil,
	"apiserver_admission_webhook_rejection_count":            {"name", "type", "operation", "error_type", "rejection_code"},
	"apiserver_admission_webhook_fail_open_count":            {"name", "type"},
	"apiserver_admission_webhook_admission_duration_seconds": {"name", "type", "operation", "rejected"},
}

// ofTargets are the labels that Prometheus itself gives to whatever it reads.
var ofTargets = []string{"namespace", "job", "instance"}

// counted are the suffixes of what a histogram consists of.
var counted = regexp.MustCompile(`_(bucket|sum|count)$`)

// checkQuery holds that an expression parses, and that each metric and label in it is there.
func checkQuery(t *testing.T, known map[string][]string, text string) {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return
	}
	if _, err := labelsOf(t, known, expr); err != nil {
		t.Errorf("%s: %v", text, err)
	}
}

// labelsOf are the labels that the series of an expression may have.
func labelsOf(t *testing.T, known map[string][]string, node parser.Node) (map[string]bool, error) {
	t.Helper()
	all := map[string]bool{}
	if selector, ok := node.(*parser.VectorSelector); ok {
		return selected(known, selector)
	}
	for child := range parser.ChildrenIter(node) {
		inner, err := labelsOf(t, known, child)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, inner)
	}
	grouping := groups(node)
	for _, label := range grouping {
		if !all[label] {
			return nil, &unknown{"label " + label, node.String()}
		}
	}
	if aggregate, ok := node.(*parser.AggregateExpr); ok && !aggregate.Without {
		return setOf(grouping), nil
	}
	return all, nil
}

// groups are the labels by which a node groups or matches.
func groups(node parser.Node) []string {
	switch n := node.(type) {
	case *parser.AggregateExpr:
		return n.Grouping
	case *parser.BinaryExpr:
		if n.VectorMatching != nil {
			return slices.Concat(n.VectorMatching.MatchingLabels, n.VectorMatching.Include)
		}
	}
	return nil
}

// selected are the labels of a metric, if it has those that the selector asks for.
func selected(known map[string][]string, selector *parser.VectorSelector) (map[string]bool, error) {
	name := selector.Name
	own, found := known[name]
	all := setOf(ofTargets)
	if base := counted.ReplaceAllString(name, ""); !found {
		if own, found = known[base]; !found || !strings.HasSuffix(base, "_seconds") {
			return nil, &unknown{"metric " + name, selector.String()}
		}
		all["le"] = true
	}
	maps.Copy(all, setOf(own))
	for _, m := range selector.LabelMatchers {
		if m.Name != labels.MetricName && !all[m.Name] {
			return nil, &unknown{"label " + m.Name, selector.String()}
		}
	}
	return all, nil
}

func setOf(list []string) map[string]bool {
	all := map[string]bool{}
	for _, s := range list {
		all[s] = true
	}
	return all
}

// unknown is a metric or a label that is not there.
type unknown struct{ what, where string }

func (u *unknown) Error() string { return "there is no " + u.what + " in " + u.where }

// TestCheckQuery: what is not there is found, wherever it stands.
func TestCheckQuery(t *testing.T) {
	known := metrics(t)
	for text, want := range map[string]string{
		`polymoat_node`:                              "there is no metric polymoat_node in polymoat_node",
		`polymoat_nodes_bucket`:                      "there is no metric polymoat_nodes_bucket in polymoat_nodes_bucket",
		`rate(polymoat_nodes{rule="a"}[5m])`:         `there is no label rule in polymoat_nodes{rule="a"}`,
		`sum by (role) (polymoat_nodes)`:             "there is no label role in sum by (role) (polymoat_nodes)",
		`sum by (pool) (sum(polymoat_nodes))`:        "there is no label pool in sum by (pool) (sum(polymoat_nodes))",
		`polymoat_nodes * on (role) polymoat_pods`:   "",
		`polymoat_nodes * on (rule) polymoat_pods`:   "there is no label rule in polymoat_nodes * on (rule) polymoat_pods",
		`sum by (le) (polymoat_nodes)`:               "there is no label le in sum by (le) (polymoat_nodes)",
		`max by (policy, pool) (polymoat_nodes) > 0`: "",
	} {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if _, err := labelsOf(t, known, expr); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// all are the metrics that a query may read.
func all(t *testing.T) map[string][]string {
	t.Helper()
	known := metrics(t)
	maps.Copy(known, foreign)
	return known
}
