package polyaxon

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestIdentityLabelsAreComplete: every label that the package reads by name is one of those that it calls identity.
func TestIdentityLabelsAreComplete(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	read := regexp.MustCompile(`\.(Labels|Annotations)\[(\w+|"[^"]+")\]`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "project.go" { // it tells people whose run it is, and nothing a role
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range read.FindAllStringSubmatch(string(text), -1) {
			if m[2] == "key" { // of a signal, which the policy knows, or of a label that is printed
				continue
			}
			if known[m[2]] == "" {
				t.Errorf("%s reads %s[%s], which is no key of identity; add it to keys.go and to this test", file, m[1], m[2])
			}
		}
	}
	for name, key := range known {
		if !IsIdentityLabel(key) && !IsIdentityAnnotation(key) {
			t.Errorf("%s (%s) does not count as a key of identity", key, name)
		}
	}
}

// known are the constants by which the package reads labels and annotations.
var known = map[string]string{
	"labelPartOf": labelPartOf, "labelComponent": labelComponent, "labelName": labelName, "labelInstance": labelInstance,
	"labelType": labelType, "labelApp": labelApp, "labelRelease": labelRelease, "labelTaskType": labelTaskType,
	"labelExperiment": labelExperiment, "annotationKind": annotationKind,
}
