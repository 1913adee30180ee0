package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// tagged is a version that is a tag, with nothing behind it.
var tagged = regexp.MustCompile(`^v(\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?)$`)

// writeNotes writes dist/notes.md: what CHANGELOG.md says of the version.
func writeNotes(s source, dist string) error {
	changelog, err := os.ReadFile(filepath.Join(s.root, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	text, err := notes(string(changelog), s.version)
	if err != nil {
		return err
	}
	chart, err := os.ReadFile(filepath.Join(s.root, "manifests", "chart", "Chart.yaml"))
	if err != nil {
		return err
	}
	if err := checkChart(string(chart), s.version); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dist, "notes.md"), []byte(text), 0o644)
}

// notes is the section of a version without its heading, and between two releases what is not released.
func notes(changelog, version string) (string, error) {
	heading := "## [Unreleased]"
	if m := tagged.FindStringSubmatch(version); m != nil {
		heading = "## [" + m[1] + "] - "
	}
	var text strings.Builder
	inside := false
	for line := range strings.Lines(changelog) {
		switch {
		case strings.HasPrefix(line, "## ["):
			inside = strings.HasPrefix(line, heading)
		case inside:
			text.WriteString(line)
		}
	}
	if m := strings.TrimSpace(text.String()); m != "" || heading == "## [Unreleased]" {
		return m + "\n", nil
	}
	return "", fmt.Errorf("CHANGELOG.md says nothing of %s; write a section %q with the day of the release behind it, commit, and tag that commit", version, strings.TrimSuffix(heading, " - "))
}

// checkChart refuses a tag that the chart does not name: its Chart.yaml tells Artifact Hub which image is meant.
func checkChart(chart, version string) error {
	m := tagged.FindStringSubmatch(version)
	if m == nil || strings.Contains(chart, "\nversion: "+m[1]+"\nappVersion: "+m[1]+"\n") {
		return nil
	}
	return fmt.Errorf("manifests/chart/Chart.yaml is not of %s; set version, appVersion and the image there to %s, run `go test ./e2e/chart -update`, commit, and tag that commit", version, m[1])
}
