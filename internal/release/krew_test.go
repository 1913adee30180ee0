package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// krewModule names the versions of krew and of the judge of its index.
const krewModule = "-modfile=../tools/krew/go.mod"

// TestKrew has krew's own programs judge the manifest, and install every archive of it.
func TestKrew(t *testing.T) {
	s, dist := source{version: testVersion, date: testDate}, t.TempDir()
	for _, p := range pluginPlatforms {
		b := binary{name: "kubectl-polymoat", platform: p, bytes: []byte("for " + p.String())}
		if err := writeArchive(s, dist, b, file{"LICENSE", 0o644, []byte("Apache")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeKrew(s, dist, pluginPlatforms); err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(dist, "polymoat.yaml")
	if _, err := output(t.Context(), ".", nil, "go", "tool", krewModule, "validate-krew-manifest", "-manifest", manifest, "-skip-install"); err != nil {
		t.Fatal(err)
	}
	for _, p := range pluginPlatforms {
		t.Run(p.String(), func(t *testing.T) { install(t, manifest, filepath.Join(dist, archiveName(s, p)), p) })
	}
}

// install has krew install an archive as on a machine of the platform: it checks the sum that the manifest gives.
func install(t *testing.T, manifest, archive string, p platform) {
	root := t.TempDir()
	env := []string{"KREW_ROOT=" + root, "KREW_OS=" + p.os, "KREW_ARCH=" + p.arch, "KREW_NO_UPGRADE_CHECK=1"}
	if _, err := output(t.Context(), ".", env, "go", "tool", krewModule, "krew", "install", "--manifest", manifest, "--archive", archive); err != nil {
		t.Fatal(err)
	}
	program := "kubectl-polymoat"
	if p.os == "windows" {
		program += ".exe"
	}
	dir := filepath.Join(root, "store", "polymoat", testVersion)
	if diff := cmp.Diff([]string{"LICENSE", program}, names(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	got, err := os.ReadFile(filepath.Join(root, "bin", program))
	if want := "for " + p.String(); string(got) != want {
		t.Errorf("kubectl would start %q (%v), want %q", got, err, want)
	}
}

// TestKrewOfATag: krew's index holds released versions only.
func TestKrewOfATag(t *testing.T) {
	dist := t.TempDir()
	for _, version := range []string{"79365e3-dirty", "v0.9.0-3-g79365e3"} {
		if err := writeKrew(source{version: version}, dist, pluginPlatforms); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(t, dist); len(got) > 0 {
		t.Errorf("wrote %s", strings.Join(got, ", "))
	}
}
