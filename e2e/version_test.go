package e2e_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// TestVersion: the API server has the feature gates that manifests/README.md says of its version, and the kinds of the
// native twin only where tests expect them.
func TestVersion(t *testing.T) {
	client, err := kubernetes.NewForConfig(control.As(cluster.Admin))
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.Discovery().ServerResourcesForGroupVersion("admissionregistration.k8s.io/v1")
	if err != nil {
		t.Fatal(err)
	}
	served := slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Name == "mutatingadmissionpolicies" })
	if lack := control.Lack(cluster.Twin); served != (lack == nil) {
		t.Errorf("the kinds of the twin are served: %v; tests expect: %v", served, lack)
	}
	metrics, err := client.RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for gate, want := range documented(t, control.Version()) {
		if got := state(string(metrics), gate); got != want {
			t.Errorf("%s: the API server says %q, manifests/README.md %q", gate, got, want)
		}
	}
}

// documented are the cells of the table of feature gates in the column of a version: "beta, off".
func documented(t *testing.T, version string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../manifests/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| feature gate |")
	table, _, _ = strings.Cut(table, "\n\n")
	header, rows, _ := strings.Cut(table, "\n")
	column := slices.Index(strings.Split(header, "|"), " "+version+" ")
	cells := map[string]string{}
	for row := range strings.Lines(rows) {
		if fields := strings.Split(row, "|"); column >= 0 && strings.Contains(fields[1], "`") {
			cells[strings.Trim(fields[1], " `")] = strings.TrimSpace(fields[column+2])
		}
	}
	if len(cells) == 0 {
		t.Fatalf("manifests/README.md has no feature gates of %s", version)
	}
	return cells
}

// state is what metrics say of a feature gate, in the words of the table; empty where it is not there.
func state(metrics, gate string) string {
	found := regexp.MustCompile(`kubernetes_feature_enabled\{name="` + gate + `",stage="([A-Z]*)"\} ([01])`).FindStringSubmatch(metrics)
	if found == nil {
		return ""
	}
	stage := strings.ToLower(found[1])
	if stage == "" {
		stage = "stable"
	}
	return stage + ", " + map[string]string{"0": "off", "1": "on"}[found[2]]
}
