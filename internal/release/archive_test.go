package main

import (
	"archive/zip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestArchive unpacks the plugin for this machine, runs it, and compares what it says with what the server says.
func TestArchive(t *testing.T) {
	r := imageOnce(t)
	dist, dir := t.TempDir(), t.TempDir()
	here := platform{runtime.GOOS, runtime.GOARCH}
	if err := writeArchives(t.Context(), r.source, dist, []platform{here}); err != nil {
		t.Fatal(err)
	}
	stem := filepath.Join(dist, "kubectl-polymoat_v0.9.0_"+here.os+"_"+here.arch)
	if _, err := output(t.Context(), dir, nil, "tar", "-xzf", stem+".tar.gz"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"LICENSE", "kubectl-polymoat"}, names(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	plugin, err := output(t.Context(), dir, nil, filepath.Join(dir, "kubectl-polymoat"), "version")
	if err != nil {
		t.Fatal(err)
	}
	self := "v0.9.0 (commit " + r.commit + ", " + runtime.Version() + " " + here.String() + ")"
	if want := "kubectl-polymoat " + self + ", policies polymoat.io/v1alpha1"; plugin != want {
		t.Errorf("the plugin says %q, want %q", plugin, want)
	}
	server, err := output(t.Context(), dir, nil, filepath.Join(r.dist, base(r.source, binary{name: "polymoat", platform: here})), "--version")
	if want := "polymoat " + self; server != want {
		t.Errorf("the server says %q (%v), want %q", server, err, want)
	}
	bill, err := os.ReadFile(stem + ".cdx.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := decode(t, bill).Metadata.Component; got.Name != "kubectl-polymoat" || got.Version != testVersion {
		t.Errorf("the bill of materials is of %s %s", got.Name, got.Version)
	}
}

// TestZip: Windows has the plugin in a zip, as an .exe.
func TestZip(t *testing.T) {
	s, dist := source{version: testVersion, date: testDate}, t.TempDir()
	b := binary{name: "kubectl-polymoat", platform: platform{"windows", "arm64"}, bytes: []byte("MZ")}
	if err := writeArchive(s, dist, b, file{"LICENSE", 0o644, []byte("Apache")}); err != nil {
		t.Fatal(err)
	}
	r, err := zip.OpenReader(filepath.Join(dist, "kubectl-polymoat_v0.9.0_windows_arm64.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	got := map[string]string{}
	for _, f := range r.File {
		content, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		got[f.Name] = f.Mode().String() + " " + string(readAll(t, content))
	}
	if diff := cmp.Diff(map[string]string{"kubectl-polymoat.exe": "-rwxr-xr-x MZ", "LICENSE": "-rw-r--r-- Apache"}, got); diff != "" {
		t.Errorf("zip (-want +got):\n%s", diff)
	}
}

// TestPlatforms: Go knows every platform that something is made for.
func TestPlatforms(t *testing.T) {
	known, err := output(t.Context(), ".", nil, "go", "tool", "dist", "list")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range slices.Concat(imagePlatforms, pluginPlatforms) {
		if !slices.Contains(strings.Fields(known), p.String()) {
			t.Errorf("go tool dist list does not list %s", p)
		}
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	return got
}
