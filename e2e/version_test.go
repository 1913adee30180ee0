package e2e_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/polymoat/polymoat/e2e/cluster"
)

// TestVersion: the API server has the feature gates that manifests/README.md says of its version, and the kinds of the
// native twin only where tests expect them. Where it has none, the chart refuses to rely on a twin.
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
	if !served {
		noTwin(t, client)
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

// noTwin: kubectl finds no kind for the native twin, and helm says from which version on there is one.
func noTwin(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	twin := &admissionregistrationv1.MutatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: "twin"}}
	const noKind = `no matches for kind "MutatingAdmissionPolicy" in version "admissionregistration.k8s.io/v1"`
	if err := as(t, cluster.Admin).Create(t.Context(), twin); err == nil || err.Error() != noKind {
		t.Errorf("the twin: got %v, want %s", err, noKind)
	}
	server, err := client.Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("native.installed: Kubernetes %s serves no MutatingAdmissionPolicies, so the native twin cannot be there: it needs 1.36; set it to false", server.GitVersion)
	_, err = helm.Run(t.Context(), "install", "relying", helm.Dir, "--namespace=trial-system", "--dry-run=server", "--set=native.installed=true")
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("helm: got %v, want %s", err, want)
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
