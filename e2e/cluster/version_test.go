package cluster

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/e2e/binaries"
)

// TestVersionsAreTold: the table in manifests/README.md says what is tested with which Kubernetes, and that of feature
// gates is about the same versions.
func TestVersionsAreTold(t *testing.T) {
	text, err := os.ReadFile("../../manifests/README.md")
	if err != nil {
		t.Fatal(err)
	}
	columns := strings.Join(binaries.Minors("../controlplane"), " | ")
	for _, want := range []string{versionTable(), "\n| feature gate | " + columns + " | what for |\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("manifests/README.md does not say:\n%s", want)
		}
	}
}

func versionTable() string {
	minors := binaries.Minors("../controlplane")
	rows := append([]*Feature{{Name: "polymoat, its chart and its plugin"}}, Features...)
	table := fmt.Sprintf("| what the tests cover | %s |\n|---|%s\n", strings.Join(minors, " | "), strings.Repeat("---|", len(minors)))
	for _, f := range rows {
		cells := []string{f.Name}
		for _, minor := range minors {
			cells = append(cells, map[bool]string{true: "yes"}[minor >= fmt.Sprintf("1.%d", f.Since)])
		}
		table += "| " + strings.Join(cells, " | ") + " |\n"
	}
	return table
}

// TestLack: an older Kubernetes is named, and the one that is needed.
func TestLack(t *testing.T) {
	c := &Cluster{minor: 35}
	if got, want := fmt.Sprint(c.Lack(Twin)), "Kubernetes 1.35 has no kind MutatingAdmissionPolicy of admissionregistration.k8s.io/v1, needed for the native twin: it comes with 1.36; see manifests/README.md"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c.minor = 36
	if err := c.Lack(Twin); err != nil {
		t.Error(err)
	}
	if err := c.Lack(nil); err != nil {
		t.Error(err)
	}
	if !slices.Contains(Features, Groups) {
		t.Error("a feature is not in the table")
	}
}
