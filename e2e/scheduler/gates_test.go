package scheduler_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/version"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/component-base/featuregate"
	_ "k8s.io/kubernetes/pkg/features" // fills the list of gates
)

var update = flag.Bool("update", false, "write the table of feature gates to manifests/README.md; then read the diff")

// minors are the versions of Kubernetes that are supported today.
var minors = []string{"1.34", "1.35", "1.36", "1.37"}

// gates are those that change what polymoat can do or has to hold.
var gates = []struct{ name, what string }{
	{"MutatingAdmissionPolicy", "native policies that place pods without a webhook"},
	{"ManifestBasedAdmissionControlConfig", "webhooks and native policies from files of the API server, which nobody can delete by its API"},
	{"TaintTolerationComparisonOperators", "tolerations with Lt and Gt; polymoat takes them as tolerating, on or off"},
	{"GenericWorkload", "groups of pods that are scheduled, and preempt, as one"},
}

// TestGatesAreTold: the table in manifests/README.md says of each gate what Kubernetes' own list says.
func TestGatesAreTold(t *testing.T) {
	const path, begin = "../../manifests/README.md", "| feature gate |"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	if !found {
		t.Fatalf("%s has no line that begins with %q", path, begin)
	}
	old, after, _ := strings.Cut(begin+rest, "\n\n")
	if *update {
		if err := os.WriteFile(path, []byte(before+table(t)+"\n\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := table(t); old != want {
		t.Errorf("%s is stale; run `cd e2e/scheduler && go test -run Gates -update .`\nwant:\n%s\ngot:\n%s", path, want, old)
	}
}

func table(t *testing.T) string {
	all := utilfeature.DefaultMutableFeatureGate.GetAllVersioned()
	lines := []string{"| feature gate | " + strings.Join(minors, " | ") + " | what for |", "|---" + strings.Repeat("|---", len(minors)) + "|---|"}
	for _, g := range gates {
		specs := all[featuregate.Feature(g.name)]
		if len(specs) == 0 {
			t.Errorf("Kubernetes has no feature gate %s any more", g.name)
		}
		line := "| `" + g.name + "` |"
		for _, minor := range minors {
			line += " " + state(specs, version.MustParse(minor)) + " |"
		}
		lines = append(lines, line+" "+g.what+" |")
	}
	return strings.Join(lines, "\n")
}

// state is what a gate is in a version, by default: its newest specification that is not newer.
func state(specs featuregate.VersionedSpecs, in *version.Version) string {
	text := ""
	for _, s := range specs {
		if s.Version.GreaterThan(in) {
			break
		}
		stage, on := strings.ToLower(string(s.PreRelease)), "off"
		if s.Default {
			on = "on"
		}
		if s.PreRelease == featuregate.GA {
			stage = "stable"
		}
		text = fmt.Sprintf("%s, %s", stage, on)
	}
	return text
}
