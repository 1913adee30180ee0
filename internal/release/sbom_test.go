package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// TestSBOM: each image is referred to by a bill of materials, which lists what go.mod makes the server of, and the server.
func TestSBOM(t *testing.T) {
	r := imageOnce(t)
	attached := artifacts(t, r)
	for platform, image := range images(t, index(t, r)) {
		t.Run(platform, func(t *testing.T) {
			digest, err := image.Digest()
			if err != nil {
				t.Fatal(err)
			}
			bill := decode(t, attached[digest])
			if diff := cmp.Diff(modules(t, r, platform), listed(bill)); diff != "" {
				t.Errorf("modules (-want +got):\n%s", diff)
			}
			server := binary{bytes: server(t, image)}
			want := []cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: server.sum()}}
			if diff := cmp.Diff(&want, bill.Metadata.Component.Hashes); diff != "" {
				t.Errorf("checksum of the server (-want +got):\n%s", diff)
			}
			beside, err := os.ReadFile(filepath.Join(r.dist, "polymoat_"+testVersion+"_"+strings.ReplaceAll(platform, "/", "_")+".cdx.json"))
			if err != nil || string(beside) != string(attached[digest]) {
				t.Errorf("the bill of materials beside the server is another one: %v", err)
			}
		})
	}
}

// artifacts are the contents of what a layout holds besides the image, by the digest of what each refers to.
func artifacts(t *testing.T, r released) map[v1.Hash][]byte {
	t.Helper()
	root, err := layout.ImageIndexFromPath(filepath.Join(r.dist, "image"))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := root.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	found := map[v1.Hash][]byte{}
	for _, d := range manifest.Manifests[1:] {
		if d.ArtifactType != string(sbomType) {
			t.Errorf("an artifact is of type %q, want %q", d.ArtifactType, sbomType)
		}
		artifact, err := root.Image(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		subject, content := contentOf(t, artifact)
		found[subject] = content
	}
	return found
}

func contentOf(t *testing.T, artifact v1.Image) (subject v1.Hash, content []byte) {
	t.Helper()
	if err := validate.Image(artifact, validate.Fast); err != nil {
		t.Error(err)
	}
	manifest, err := artifact.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := artifact.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, want 1: %v", len(layers), err)
	}
	raw, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	return manifest.Subject.Digest, readAll(t, raw)
}

func decode(t *testing.T, raw []byte) *cdx.BOM {
	t.Helper()
	bill := &cdx.BOM{}
	if err := cdx.NewBOMDecoder(strings.NewReader(string(raw)), cdx.BOMFileFormatJSON).Decode(bill); err != nil {
		t.Fatalf("%v:\n%s", err, raw)
	}
	return bill
}

// listed are the components of a bill: "k8s.io/api v0.37.2".
func listed(bill *cdx.BOM) []string {
	var got []string
	for _, c := range *bill.Components {
		got = append(got, c.Name+" "+c.Version)
	}
	slices.Sort(got)
	return got
}

// modules are those that the server's packages come from, as go.mod says.
func modules(t *testing.T, r released, platform string) []string {
	t.Helper()
	goos, goarch, _ := strings.Cut(platform, "/")
	env := append([]string{"GOOS=" + goos, "GOARCH=" + goarch}, environment...)
	const format = `{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}`
	out, err := output(t.Context(), r.root, env, "go", "list", "-deps", "-f", format, "./cmd/polymoat")
	if err != nil {
		t.Fatal(err)
	}
	version, err := output(t.Context(), r.root, env, "go", "env", "GOVERSION")
	if err != nil {
		t.Fatal(err)
	}
	want := append(strings.Split(out, "\n"), "std "+strings.TrimPrefix(version, "go"))
	slices.Sort(want)
	return slices.DeleteFunc(slices.Compact(want), func(s string) bool { return s == "" })
}
