package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// TestReproducible: the same commit in two folders gives the same bytes, whatever file they are in.
func TestReproducible(t *testing.T) {
	first := imageOnce(t)
	second, err := releaseIn("elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sums(t, first.dist), sums(t, second.dist)); diff != "" {
		t.Errorf("dist (-first +second):\n%s", diff)
	}
	if first.said != second.said {
		t.Errorf("first %q, then %q", first.said, second.said)
	}
}

// sums are the checksums of all files in and below a folder.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		sum := sha256.Sum256(content)
		got[path] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// index is the image in a layout, by the only name that there is.
func index(t *testing.T, r released) v1.ImageIndex {
	t.Helper()
	root, err := layout.ImageIndexFromPath(filepath.Join(r.dist, "image"))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := root.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	named := manifest.Manifests[0]
	if got := named.Annotations["org.opencontainers.image.ref.name"]; got != testVersion {
		t.Errorf("the image is named %q, want %q", got, testVersion)
	}
	image, err := root.ImageIndex(named.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("ghcr.io/polymoat/polymoat:%s@%s\n", testVersion, named.Digest); r.said != want {
		t.Errorf("it said %q, want %q", r.said, want)
	}
	return image
}

// images are those of an index, by platform: "linux/amd64".
func images(t *testing.T, index v1.ImageIndex) map[string]v1.Image {
	t.Helper()
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]v1.Image{}
	for _, d := range manifest.Manifests {
		if found[d.Platform.String()], err = index.Image(d.Digest); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestImage(t *testing.T) {
	r := imageOnce(t)
	image := index(t, r)
	if err := validate.Index(image); err != nil {
		t.Error(err)
	}
	machines := map[string]elf.Machine{"linux/amd64": elf.EM_X86_64, "linux/arm64": elf.EM_AARCH64}
	found := images(t, image)
	if len(found) != len(machines) {
		t.Errorf("images for %d platforms, want %d", len(found), len(machines))
	}
	for platform, machine := range machines {
		t.Run(platform, func(t *testing.T) {
			image := found[platform]
			if image == nil {
				t.Fatal("there is no image for it")
			}
			checkConfig(t, r, image, platform)
			checkStatic(t, server(t, image), machine)
		})
	}
}

func checkConfig(t *testing.T, r released, image v1.Image, platform string) {
	t.Helper()
	got, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if is := got.OS + "/" + got.Architecture; is != platform {
		t.Errorf("its configuration is for %s", is)
	}
	if !got.Created.Equal(testDate) {
		t.Errorf("created %s, want the date of the commit, %s", got.Created, testDate)
	}
	want := v1.Config{
		User:         "65532:65532",
		Entrypoint:   []string{"/polymoat"},
		ExposedPorts: map[string]struct{}{"9443/tcp": {}},
		WorkingDir:   "/",
		Labels: map[string]string{
			"org.opencontainers.image.title":    "polymoat",
			"org.opencontainers.image.version":  "v0.9.0",
			"org.opencontainers.image.revision": r.commit,
			"org.opencontainers.image.created":  "2026-11-23T12:00:00Z",
			"org.opencontainers.image.source":   "https://github.com/polymoat/polymoat",
			"org.opencontainers.image.licenses": "Apache-2.0",
		},
	}
	if diff := cmp.Diff(want, got.Config); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

// server is the content of the only file in an image, which must be /polymoat.
func server(t *testing.T, image v1.Image) []byte {
	t.Helper()
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, want 1: %v", len(layers), err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	r := tar.NewReader(content)
	header, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if header.Name != "polymoat" || header.Typeflag != tar.TypeReg || header.Mode != 0o555 || header.Uid != 0 {
		t.Errorf("the file is %+v, want polymoat, which belongs to root and nobody may write", header)
	}
	binary := readAll(t, r)
	if next, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("behind it there is %+v (%v), want nothing", next, err)
	}
	return binary
}

// checkStatic: nothing but the kernel is needed to run it.
func checkStatic(t *testing.T, binary []byte, machine elf.Machine) {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(binary))
	if err != nil {
		t.Fatal(err)
	}
	if f.Machine != machine {
		t.Errorf("the server is for %s, want %s", f.Machine, machine)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the server has a segment %s: it needs a dynamic linker", p.Type)
		}
	}
}
