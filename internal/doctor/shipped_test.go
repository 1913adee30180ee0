package doctor

import (
	"os"
	"strings"
	"testing"
)

// What is taken for shipped is all that the manifests ask for: a rule that is added there is added here.
func TestShipped(t *testing.T) {
	f := healthy(t)
	for _, h := range (View{Facts: f}).own() {
		known := 0
		for _, s := range shipped {
			if s.kind != h.kind || s.name != h.name {
				continue
			}
			known++
			for _, a := range s.asks {
				known += len(a.resources) * len(a.operations)
			}
		}
		asked := 1
		for _, rule := range h.rules {
			asked += len(rule.Resources) * len(rule.Operations) * len(rule.APIGroups)
		}
		if known != asked {
			t.Errorf("%s asks for %d operations, and %d are known", h, asked, known)
		}
	}
}

// The oldest version of Kubernetes is that of the chart.
func TestOldestKubernetes(t *testing.T) {
	chart, err := os.ReadFile("../../manifests/chart/Chart.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if want := `kubeVersion: ">=` + oldestKubernetes + `.0-0"`; !strings.Contains(string(chart), want) {
		t.Errorf("the chart does not say %s", want)
	}
}
