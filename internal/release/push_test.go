package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// TestPush runs the command by which the workflow pushes an image, against a registry of its own: what lies there then has
// the digest that was told, and the bill of materials of each platform.
func TestPush(t *testing.T) {
	r := imageOnce(t)
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	oras, err := output(t.Context(), ".", nil, "go", "tool", "-modfile=../tools/oras/go.mod", "-n", "oras")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(oras, filepath.Join(bin, "oras")); err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "REGISTRY=" + strings.Replace(server.URL, "http://127.0.0.1", "localhost", 1) + "/ours", "TAG=" + testVersion}
	if _, err := output(t.Context(), r.root, env, "sh", "-c", workflowLine(t, "oras cp ")); err != nil {
		t.Fatal(err)
	}
	var index, referrers v1.IndexManifest
	digest := get(t, server.URL+"/v2/ours/polymoat/manifests/0.9.0", &index)
	if _, want, _ := strings.Cut(strings.TrimSpace(r.said), "@"); digest != want {
		t.Errorf("the registry has %s, want %s", digest, want)
	}
	if len(index.Manifests) != len(imagePlatforms) {
		t.Errorf("the image has %d platforms", len(index.Manifests))
	}
	for _, m := range index.Manifests {
		get(t, server.URL+"/v2/ours/polymoat/referrers/"+m.Digest.String(), &referrers)
		if len(referrers.Manifests) != 1 || referrers.Manifests[0].ArtifactType != string(sbomType) {
			t.Errorf("what refers to the image for %s is %+v", m.Platform, referrers.Manifests)
		}
	}
}

// workflowLine is the line of the workflow that begins so.
func workflowLine(t *testing.T, begin string) string {
	t.Helper()
	text, err := os.ReadFile("../../.github/workflows/release.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, begin) {
			return line
		}
	}
	t.Fatalf("no line of the workflow begins with %q", begin)
	return ""
}

// get decodes what a registry answers, and returns its digest.
func get(t *testing.T, url string, into any) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %v", url, response.Status, err)
	}
	return response.Header.Get("Docker-Content-Digest")
}
