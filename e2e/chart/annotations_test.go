package chart_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/polymoat/polymoat/e2e/chart"
)

// The words that Artifact Hub documents, and where a link into this repository leads.
var (
	changeKinds = []string{"added", "changed", "deprecated", "removed", "fixed", "security"}
	categories  = []string{"ai-machine-learning", "database", "integration-delivery", "monitoring-logging", "networking", "security", "skip-prediction", "storage", "streaming-messaging"}
)

const here = "https://github.com/polymoat/polymoat/blob/main/"

// TestChangesAreFresh: Artifact Hub tells of a version what CHANGELOG.md tells of it.
func TestChangesAreFresh(t *testing.T) {
	version, err := chart.Version(helm.Dir)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := chart.Changes(text(t, "CHANGELOG.md"), version)
	if err != nil || len(changes) == 0 {
		t.Fatalf("%d changes: %v", len(changes), err)
	}
	for _, c := range changes {
		if !slices.Contains(changeKinds, c.Kind) {
			t.Errorf("Artifact Hub knows no kind %q, of %q", c.Kind, c.Description)
		}
	}
	want, err := chart.WithChanges(text(t, "manifests/chart/Chart.yaml"), changes)
	if err != nil {
		t.Fatal(err)
	}
	checkFile(t, "manifests/chart/Chart.yaml", want)
	var got []chart.Change
	annotation(t, "changes", &got)
	if diff := cmp.Diff(changes, got); diff != "" {
		t.Errorf("changes as Artifact Hub reads them (-want +got):\n%s", diff)
	}
}

// TestAnnotations: the rest of what Artifact Hub reads has the form that it documents, and is true.
func TestAnnotations(t *testing.T) {
	var image struct {
		Image struct{ Repository string } `json:"image"`
	}
	read(t, "manifests/chart/values.yaml", &image)
	version, err := chart.Version(helm.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var images []struct {
		Name, Image string
		Platforms   []string
	}
	annotation(t, "images", &images)
	if len(images) != 1 || images[0].Image != image.Image.Repository+":"+version || len(images[0].Platforms) != 2 {
		t.Errorf("images are %+v", images)
	}
	var category string
	if annotation(t, "category", &category); !slices.Contains(categories, category) {
		t.Errorf("Artifact Hub knows no category %q", category)
	}
	var links []struct{ Name, URL string }
	annotation(t, "links", &links)
	if len(links) == 0 {
		t.Error("there are no links")
	}
	for _, l := range links {
		file, found := strings.CutPrefix(l.URL, here)
		if _, err := os.Stat(filepath.Join(root, file)); l.Name == "" || !found || err != nil {
			t.Errorf("link %+v: %v", l, err)
		}
	}
}

// TestChanges: a version's own section, and before it is named the one that has no version yet.
func TestChanges(t *testing.T) {
	const changelog = "# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- a hole: closed, by\n  `policy: x`. It was deep.\n\n## [0.2.0] - 2027-01-10\n\nWords.\n\n### Added\n\n- **Moats** have water. It is cold.\n- Of [reeds](a.md), 2.5 m\n\n### Security\n\n- a door\n"
	for version, want := range map[string][]chart.Change{
		"0.3.0": {{Kind: "fixed", Description: "a hole: closed, by `policy: x`"}},
		"0.2.0": {{Kind: "added", Description: "Moats have water"}, {Kind: "added", Description: "Of reeds, 2.5 m"}, {Kind: "security", Description: "a door"}},
	} {
		got, err := chart.Changes(changelog, version)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", version, err, diff)
		}
	}
}

// TestRepositoryOfCharts: Artifact Hub reads these keys and no other.
func TestRepositoryOfCharts(t *testing.T) {
	var repository struct {
		RepositoryID string                           `json:"repositoryID,omitempty"`
		Owners       []struct{ Name, Email string }   `json:"owners,omitempty"`
		Ignore       []struct{ Name, Version string } `json:"ignore,omitempty"`
	}
	read(t, "manifests/artifacthub-repo.yml", &repository)
}

// annotation reads an annotation of Chart.yaml, strictly: most are YAML in a string.
func annotation(t *testing.T, name string, into any) {
	t.Helper()
	var metadata struct {
		Annotations map[string]string `json:"annotations"`
	}
	if err := yaml.Unmarshal([]byte(text(t, "manifests/chart/Chart.yaml")), &metadata); err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict([]byte(metadata.Annotations["artifacthub.io/"+name]), into); err != nil {
		t.Errorf("annotation %s: %v", name, err)
	}
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	unmarshal := yaml.UnmarshalStrict
	if strings.HasSuffix(name, "values.yaml") {
		unmarshal = func(b []byte, o any, _ ...yaml.JSONOpt) error { return yaml.Unmarshal(b, o) }
	}
	if err := unmarshal([]byte(text(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func text(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
