package main

import (
	"os"
	"testing"
)

func TestNotes(t *testing.T) {
	const changelog = "# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- a hole\n\n## [0.2.0] - 2027-01-10\n\n### Added\n\n- a moat\n\n## [0.1.0] - 2026-12-01\n\n- a tower\n"
	for name, tc := range map[string]struct{ version, want, err string }{
		"the last release":       {"v0.2.0", "### Added\n\n- a moat\n", ""},
		"the one before":         {"v0.1.0", "- a tower\n", ""},
		"a commit since":         {"v0.2.0-3-g79365e3", "### Fixed\n\n- a hole\n", ""},
		"a checkout with change": {"v0.2.0-dirty", "### Fixed\n\n- a hole\n", ""},
		"no tag at all":          {"79365e3", "### Fixed\n\n- a hole\n", ""},
		"a tag that was not written about": {
			"v0.3.0", "",
			`CHANGELOG.md says nothing of v0.3.0; write a section "## [0.3.0]" with the day of the release behind it, commit, and tag that commit`,
		},
		"a candidate that was not written about": {
			"v0.2.0-rc.1", "",
			`CHANGELOG.md says nothing of v0.2.0-rc.1; write a section "## [0.2.0-rc.1]" with the day of the release behind it, commit, and tag that commit`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := notes(changelog, tc.version)
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if message := errorText(err); message != tc.err {
				t.Errorf("got error %q, want %q", message, tc.err)
			}
		})
	}
}

// TestChangelog: the project's own changelog has notes for whoever releases it now.
func TestChangelog(t *testing.T) {
	changelog, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := notes(string(changelog), "79365e3"); err != nil || len(got) < 100 {
		t.Errorf("the notes are %q, %v", got, err)
	}
}

// TestChartOfATag: what is tagged is what the chart installs.
func TestChartOfATag(t *testing.T) {
	const chart = "name: polymoat\nversion: 0.2.0\nappVersion: 0.2.0\nhome: x\n"
	for version, want := range map[string]string{
		"v0.2.0":            "",
		"v0.2.0-3-g79365e3": "",
		"v0.2.0-rc.1":       "manifests/chart/Chart.yaml is not of v0.2.0-rc.1; set version, appVersion and the image there to 0.2.0-rc.1, run `go test ./e2e/chart -update`, commit, and tag that commit",
	} {
		if got := errorText(checkChart(chart, version)); got != want {
			t.Errorf("%s: got %q, want %q", version, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
