package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// TestTar reads polymoat.tar in both ways that there are: by its manifest.json, and as the layout that it packs.
func TestTar(t *testing.T) {
	r := imageOnce(t)
	path := filepath.Join(r.dist, "polymoat.tar")
	for platform, image := range images(t, index(t, r)) {
		tag, err := name.NewTag("ghcr.io/polymoat/polymoat:" + testVersion + "-" + filepath.Base(platform))
		if err != nil {
			t.Fatal(err)
		}
		got, err := tarball.ImageFromPath(path, &tag)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(got); err != nil {
			t.Error(err)
		}
		gotID, gotErr := got.ConfigName()
		wantID, wantErr := image.ConfigName()
		if gotID != wantID || gotErr != nil || wantErr != nil {
			t.Errorf("%s is image %s in manifest.json, and %s in the layout", platform, gotID, wantID)
		}
	}
	dir := t.TempDir()
	if _, err := output(t.Context(), dir, nil, "tar", "-xf", path); err != nil {
		t.Fatal(err)
	}
	unpacked, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(unpacked); err != nil {
		t.Error(err)
	}
}

// TestChecksums: the tool that users have finds every file as it was summed.
func TestChecksums(t *testing.T) {
	check := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "checksums.txt")
	check.Dir = imageOnce(t).dist
	const want = `polymoat.tar: OK
polymoat_v0.9.0_linux_amd64: OK
polymoat_v0.9.0_linux_amd64.cdx.json: OK
polymoat_v0.9.0_linux_arm64: OK
polymoat_v0.9.0_linux_arm64.cdx.json: OK
`
	if got, err := check.CombinedOutput(); err != nil || string(got) != want {
		t.Errorf("%v:\n%s\nwant:\n%s", err, got, want)
	}
}
